import { sharedEnvironment } from './environment.js';
import { createTopology, PROFILES, type Topology } from './topology.js';

const allPorts = (topology: Topology): number[] => [
  ...topology.consul.flatMap((server) => [server.httpPort, server.serfPort, server.rpcPort]),
  ...topology.kafka.brokers.flatMap((broker) => [broker.port, broker.controllerPort]),
  ...topology.redis.nodes.flatMap((node) => [node.port, node.busPort]),
  ...topology.databases.map((server) => server.port),
  ...topology.services.map((service) => service.port),
  ...topology.balancers.map((balancer) => balancer.port),
];

const secrets = { databasePassword: 'db-secret', redisPassword: 'redis-secret' };
const network = { hostOf: (name: string) => `host-of-${name}`, listenHost: '0.0.0.0' };

describe('the topology', () => {
  it.each(PROFILES)('gives every part of the %s profile ports of its own', (profile) => {
    const ports = allPorts(createTopology({ profile, scale: { connection: 20, auth: 20 } }));
    expect(new Set(ports).size).toBe(ports.length);
  });

  it.each(PROFILES)('answers clients of the %s profile at Consul on 18500', (profile) => {
    expect(createTopology({ profile }).consul[0]?.httpPort).toBe(18500);
  });

  it('lets a test stack run beside the full profile', () => {
    const run = new Set(allPorts(createTopology({ profile: 'full', scale: { auth: 20, push: 20 } })));
    const test = allPorts(createTopology({ profile: 'full', portOffset: 10_000 }));
    expect(test.filter((port) => run.has(port))).toEqual([]);
  });

  it('keeps every port of the test stack below those that the kernel gives to clients', () => {
    expect(Math.max(...allPorts(createTopology({ profile: 'full', portOffset: 10_000 })))).toBeLessThan(32_768);
  });

  it('has the servers of the full profile', () => {
    const full = createTopology({ profile: 'full' });
    expect(full.consul).toHaveLength(3);
    expect(full.kafka.brokers).toHaveLength(3);
    expect(
      full.redis.nodes
        .map((node) => node.role)
        .toSorted()
        .join(),
    ).toBe('master,master,master,replica,replica,replica');
    expect(full.databases.filter((server) => server.replicaOf === undefined)).toHaveLength(3);
    expect(full.databases).toHaveLength(6);
    expect(full.services.map((service) => service.name)).toHaveLength(8);
    expect(full.balancers).toHaveLength(2);
  });

  it('keeps an acknowledged record on two brokers of the full profile', () => {
    expect(createTopology({ profile: 'full' }).kafka).toMatchObject({ replicationFactor: 3, minInsyncReplicas: 2 });
    expect(createTopology({ profile: 'single' }).kafka).toMatchObject({ replicationFactor: 1, minInsyncReplicas: 1 });
  });

  it('scales the services that are named and no others', () => {
    const { services } = createTopology({ profile: 'single', scale: { connection: 3 } });
    expect(services.map((service) => service.name)).toEqual([
      'auth-1',
      'connection-1',
      'connection-2',
      'connection-3',
      'message-1',
      'push-1',
    ]);
  });
});

describe('the environment of services', () => {
  it('names one server for all databases of the single profile, and no replica', () => {
    const environment = sharedEnvironment(createTopology({ profile: 'single' }), network, secrets);
    expect(environment).toMatchObject({
      CONSUL_URLS: 'http://host-of-consul-1:18500',
      KAFKA_BROKERS: 'host-of-kafka-1:19094',
      KAFKA_REPLICATION_FACTOR: '1',
      REDIS_CLUSTER: 'false',
      REDIS_NODES: 'host-of-redis-1:17380',
      REDIS_PASSWORD: 'redis-secret',
      USER_DB_SOURCE_URL: 'mysql://parley:db-secret@host-of-database:13306/parley_users',
    });
    expect(Object.keys(environment).filter((name) => name.includes('REPLICA_URL'))).toEqual([]);
  });

  it('names sources and replicas of the full profile in the same order', () => {
    const environment = sharedEnvironment(createTopology({ profile: 'full' }), network, secrets);
    expect(environment['MESSAGE_SHARD_SOURCE_URLS']).toBe(
      'mysql://parley:db-secret@host-of-database-shard-1:13308/parley_messages_1,' +
        'mysql://parley:db-secret@host-of-database-shard-2:13310/parley_messages_2',
    );
    expect(environment['MESSAGE_SHARD_REPLICA_URLS']).toBe(
      'mysql://parley:db-secret@host-of-database-shard-1-replica:13309/parley_messages_1,' +
        'mysql://parley:db-secret@host-of-database-shard-2-replica:13311/parley_messages_2',
    );
    expect(environment['REDIS_NODES']?.split(',')).toHaveLength(6);
    expect(environment['CONSUL_URLS']?.split(',')).toHaveLength(3);
  });
});
