import { randomBytes } from 'node:crypto';
import type { ComposeService } from '../compose/compose-types.js';
import { scopeOf } from '../compose/scope.js';
import { serverContainers } from '../compose/server-containers.js';
import { DeployError } from '../errors.js';
import { LOOPBACK } from '../native/consul.js';
import { accountsSql } from '../native/databases/databases.js';
import type { StackSecrets } from '../native/secrets.js';
import { nativeNetwork } from '../native/services.js';
import type { Topology } from '../topology.js';

/** A server as the container engine is told of it. */
export interface TestContainer {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** `CMD` or `CMD-SHELL`, then what to run in the container. */
  readonly healthTest: readonly string[];
  /** Every port it takes on this machine; the first is the one that clients use. */
  readonly ports: readonly number[];
  /** Contents by path, put there before the start. */
  readonly files: Readonly<Record<string, string>>;
}

/** What tests want different from docker-compose.yml. */
interface Difference {
  readonly name: string;
  readonly ports: readonly number[];
  readonly options?: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  /** Variables of docker-compose.yml that mean something only in a network of containers. */
  readonly without?: readonly string[];
}

/** Compose's reading of the two forms we write: `$$` is a dollar sign and `${NAME:?reason}` a variable. */
export const interpolated = (text: string, variables: Readonly<Record<string, string>>): string =>
  text.replace(/\$(?:\$|\{(\w+):\?[^}]*\})/g, (_, name?: string) => {
    if (name === undefined) return '$';
    const value = variables[name];
    if (value === undefined) throw new DeployError(`the containers for tests need ${name}, which is unknown`);
    return value;
  });

function differences({ consul, kafka, redis, databases }: Topology, secrets: StackSecrets): Difference[] {
  const { listenHost } = nativeNetwork;
  return [
    ...consul.map(({ name, httpPort, serfPort, rpcPort }) => ({
      name,
      ports: [httpPort, serfPort, rpcPort],
      options: [`-bind=${listenHost}`, `-serf-lan-port=${serfPort}`, `-server-port=${rpcPort}`, '-serf-wan-port=-1'],
      without: ['CONSUL_BIND_INTERFACE'],
    })),
    ...kafka.brokers.map(({ name, port, controllerPort }) => ({ name, ports: [port, controllerPort] })),
    ...redis.nodes.map(({ name, port }) => ({ name, ports: [port], options: ['--bind', listenHost] })),
    ...databases.map((server) => ({
      name: server.name,
      ports: [server.port],
      options: [`--bind-address=${listenHost}`],
      // The image runs what lies there when it makes its data folder. The same rights as from the native runner.
      files: { '/docker-entrypoint-initdb.d/parley.sql': `${accountsSql(server, secrets).join('\n')}\n` },
    })),
  ];
}

/**
 * The servers of docker-compose.yml for tests: the same images and settings, but in this machine's own network and on its
 * loopback address. So they are reached as the native runner's are, and Consul reaches the services that tests run.
 */
export function testContainers(topology: Topology, secrets: StackSecrets): TestContainer[] {
  const variables = {
    PARLEY_DATABASE_PASSWORD: secrets.databasePassword,
    PARLEY_REDIS_PASSWORD: secrets.redisPassword,
    PARLEY_DATABASE_ROOT_PASSWORD: randomBytes(24).toString('hex'),
  };
  const read = (text: string) => interpolated(text, variables);
  const scope = {
    ...scopeOf(topology),
    nameOf: (part: string) => part,
    network: nativeNetwork,
    consulWriters: LOOPBACK,
  };
  const composed = new Map<string, ComposeService>(Object.entries(serverContainers(scope)));
  return differences(topology, secrets).map(({ name, ports, options = [], files = {}, without = [] }) => {
    const service = composed.get(name);
    if (service?.image === undefined) throw new DeployError(`docker-compose.yml has no image for ${name}`);
    const kept = Object.entries(service.environment ?? {}).filter(([key]) => !without.includes(key));
    return {
      name,
      image: service.image,
      command: [...(service.command ?? []).map(read), ...options],
      environment: Object.fromEntries(kept.map(([key, value]) => [key, read(String(value))])),
      healthTest: (service.healthcheck?.test ?? []).map(read),
      ports,
      files,
    };
  });
}
