import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { stackEnvironment } from '../stack/parts.js';
import { createTopology, USER_SCHEMA } from '../topology.js';
import { inWorkspace } from '../workspace.js';
import { interpolated, testContainers } from './test-containers.js';

const topology = createTopology({ profile: 'single', portOffset: 10_000 });
const secrets = { databasePassword: 'database-secret', redisPassword: 'redis-secret', replicationPassword: 'other' };
const containers = testContainers(topology, secrets);
const environment = stackEnvironment(topology, secrets);

function container(name: string) {
  const found = containers.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no container ${name}`);
  return found;
}

describe('the containers of tests', () => {
  it('run the images of docker-compose.yml', async () => {
    const Composed = z.object({ services: z.record(z.string(), z.object({ image: z.string() })) });
    const text = await readFile(inWorkspace('docker-compose.yml'), 'utf8');
    const { services } = Composed.parse(parse(text, { merge: true }));
    expect(containers.map(({ name }) => name)).toEqual(['consul-1', 'kafka-1', 'redis-1', 'database']);
    for (const { name, image } of containers) expect(image).toBe(services[`single-${name}`]?.image);
  });

  it('listen where the environment of the services says', () => {
    const addresses = [
      new URL(environment['CONSUL_URLS'] ?? '').host,
      environment['KAFKA_BROKERS'],
      environment['REDIS_NODES'],
      new URL(environment['USER_DB_SOURCE_URL'] ?? '').host,
    ];
    expect(containers.map(({ ports }) => `127.0.0.1:${ports[0]}`)).toEqual(addresses);
    expect(container('consul-1').command).toEqual(expect.arrayContaining(['-client=127.0.0.1', '-http-port=28500']));
    expect(container('kafka-1').environment['KAFKA_ADVERTISED_LISTENERS']).toBe('PLAINTEXT://127.0.0.1:29094');
    expect(container('redis-1').command.join(' ')).toContain('--port 27380 ');
    expect(container('database').command).toContain('--port=23306');
  });

  it('take no port that another of them takes', () => {
    const ports = containers.flatMap((one) => one.ports);
    expect(new Set(ports).size).toBe(ports.length);
  });

  it('listen on the loopback address only', () => {
    expect(JSON.stringify(containers)).not.toContain('0.0.0.0');
    expect(container('redis-1').command.slice(-2)).toEqual(['--bind', '127.0.0.1']);
    expect(container('database').command).toContain('--bind-address=127.0.0.1');
    expect(container('consul-1').environment).not.toHaveProperty('CONSUL_BIND_INTERFACE');
  });

  it('know the secrets, and leave nothing for compose to fill in', () => {
    expect(JSON.stringify(containers)).not.toMatch(/\$\{|\$\$/);
    expect(container('redis-1').command.join(' ')).toContain('--requirepass redis-secret');
    expect(container('redis-1').environment['REDISCLI_AUTH']).toBe('redis-secret');
    expect(container('database').environment['MYSQL_ROOT_PASSWORD']).toMatch(/^[0-9a-f]{48}$/);
  });

  it('make every schema, and the rights that the native runner gives', () => {
    const [sql = ''] = Object.values(container('database').files);
    for (const schema of [USER_SCHEMA, ...createTopology({ profile: 'single' }).shardSchemas])
      expect(sql).toContain(`CREATE DATABASE IF NOT EXISTS \`${schema}\``);
    expect(sql).toContain("CREATE USER IF NOT EXISTS 'parley'@'%' IDENTIFIED BY 'database-secret'");
    expect(sql).toContain("GRANT ALL PRIVILEGES ON `parley\\_%`.* TO 'parley'@'%'");
  });

  it('are asked for their health', () => {
    for (const { healthTest } of containers) expect(healthTest[0]).toMatch(/^CMD(-SHELL)?$/);
  });
});

describe('a text of docker-compose.yml', () => {
  it('is read as compose reads it', () => {
    expect(interpolated('a ${NAME:?set it in .env}, $$HOME, $x', { NAME: 'value' })).toBe('a value, $HOME, $x');
  });

  it('is refused when it needs a variable that is unknown', () => {
    expect(() => interpolated('${NAME:?set it}', {})).toThrow('NAME');
  });
});
