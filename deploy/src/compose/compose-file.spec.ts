import { readFile } from 'node:fs/promises';
import { BlockList } from 'node:net';
import { parse } from 'yaml';
import { z } from 'zod';
import { createTopology, PROFILES } from '../topology.js';
import { inWorkspace } from '../workspace.js';
import { renderCompose } from './compose-file.js';
import { composeEnvironment } from './our-containers.js';
import { scopeOf } from './scope.js';

const Container = z.object({
  image: z.string(),
  profiles: z.tuple([z.enum(PROFILES)]),
  environment: z.record(z.string(), z.string()).default({}),
  command: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  networks: z.record(z.string(), z.object({ ipv4_address: z.string() }).nullable()),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  healthcheck: z.unknown().optional(),
});
const ComposeFile = z.object({
  services: z.record(z.string(), Container),
  volumes: z.record(z.string(), z.null()),
  networks: z.record(
    z.string(),
    z.object({ ipam: z.object({ config: z.tuple([z.object({ gateway: z.string(), ip_range: z.string() })]) }) }),
  ),
});

const committed = await readFile(inWorkspace('docker-compose.yml'), 'utf8');
const file = ComposeFile.parse(parse(committed, { merge: true }));
const container = (name: string) => {
  const found = file.services[name];
  if (found === undefined) throw new Error(`no container ${name}`);
  return found;
};

describe('docker-compose.yml', () => {
  it('is what "npm run compose -w deploy" makes of the topology', () => {
    expect(committed).toBe(renderCompose());
  });

  it('ships no secret', () => {
    expect(committed).not.toMatch(/^ +\S*PASSWORD: (?!\$\{PARLEY_[A-Z_]+:\?)/m);
    expect(committed).not.toMatch(/mysql:\/\/parley:(?!\$\{PARLEY_DATABASE_PASSWORD:\?)/);
  });

  it('lets containers depend only on containers of their own profile', () => {
    for (const one of Object.values(file.services)) {
      for (const other of Object.keys(one.depends_on)) expect(container(other).profiles).toEqual(one.profiles);
    }
  });

  it('waits for health only where health is checked', () => {
    for (const one of Object.values(file.services)) {
      for (const [other, { condition }] of Object.entries(one.depends_on)) {
        if (condition === 'service_healthy') expect(container(other).healthcheck).toBeDefined();
      }
    }
  });

  it('keeps fixed addresses apart from those that are given out', () => {
    for (const one of Object.values(file.services)) {
      for (const [network, membership] of Object.entries(one.networks)) {
        const [{ gateway, ip_range: range } = { gateway: '', ip_range: '' }] =
          file.networks[network]?.ipam.config ?? [];
        const [first = '', bits = ''] = range.split('/');
        const givenOut = new BlockList();
        givenOut.addSubnet(first, Number(bits));
        for (const kept of [gateway, ...(membership === null ? [] : [membership.ipv4_address])])
          expect([kept, givenOut.check(kept)]).toEqual([kept, false]);
      }
    }
  });

  it('declares every volume and network it uses', () => {
    for (const one of Object.values(file.services)) {
      for (const volume of one.volumes) expect(file.volumes).toHaveProperty([volume.split(':')[0] ?? '']);
      for (const name of Object.keys(one.networks)) expect(file.networks).toHaveProperty([name]);
    }
  });

  it('publishes only Consul and the load balancers, and to this machine', () => {
    const full = createTopology({ profile: 'full' });
    const expected = [...full.consul.map((server) => server.httpPort), ...full.balancers.map((each) => each.port)];
    const published = Object.values(file.services)
      .filter((one) => one.profiles[0] === 'full')
      .flatMap((one) => one.ports);
    expect(published).toEqual(expected.map((port) => `\${PARLEY_BIND:-127.0.0.1}:${port}:${port}`));
  });

  it('starts nothing of ours before the schema and the topics are there', () => {
    expect(container('message-1').depends_on).toMatchObject({
      migrate: { condition: 'service_completed_successfully' },
      'create-topics': { condition: 'service_completed_successfully' },
    });
    expect(container('create-topics').command).toContain('libs/kafka/dist/create-topics.main.js');
    expect(container('migrate').command).toContain('libs/persistence/dist/migrate.main.js');
  });
});

describe.each(PROFILES)('the %s profile in containers', (profile) => {
  const topology = createTopology({ profile });
  const scope = scopeOf(topology);

  it('has a container for every part of the topology', () => {
    const parts = [
      ...topology.consul,
      ...topology.kafka.brokers,
      ...topology.redis.nodes,
      ...topology.databases,
      ...topology.services,
      ...topology.balancers,
    ];
    for (const part of parts) expect(container(scope.nameOf(part.name)).profiles).toEqual([profile]);
  });

  it('gives every service the environment of the topology and its own port', () => {
    for (const service of topology.services) {
      expect(container(scope.nameOf(service.name)).environment).toMatchObject({
        ...composeEnvironment(scope),
        SERVICE_ID: service.id,
        HTTP_PORT: String(service.port),
        ADVERTISE_HOST: scope.nameOf(service.name),
      });
    }
  });

  it('lets every server listen on the port that the environment names', () => {
    for (const broker of topology.kafka.brokers) {
      expect(container(scope.nameOf(broker.name)).environment['KAFKA_LISTENERS']).toContain(`:${broker.port},`);
    }
    for (const server of topology.databases) {
      expect(container(scope.nameOf(server.name)).command).toContain(`--port=${server.port}`);
    }
    for (const node of topology.redis.nodes) {
      expect(container(scope.nameOf(node.name)).command).toEqual(expect.arrayContaining(['--port', String(node.port)]));
    }
  });

  it('replicates topics as the brokers are set up to', () => {
    const { environment } = container(scope.nameOf('kafka-1'));
    const { replicationFactor, minInsyncReplicas, partitions } = topology.kafka;
    expect(environment['KAFKA_DEFAULT_REPLICATION_FACTOR']).toBe(String(replicationFactor));
    expect(environment['KAFKA_MIN_INSYNC_REPLICAS']).toBe(String(minInsyncReplicas));
    expect(container(scope.nameOf('create-topics')).environment).toMatchObject({
      KAFKA_REPLICATION_FACTOR: String(replicationFactor),
      KAFKA_PARTITIONS: String(partitions),
    });
  });
});
