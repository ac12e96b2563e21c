/** The one description of the system. The native runner and docker-compose.yml are both made from it. */

export const PROFILES = ['single', 'full'] as const;
export type Profile = (typeof PROFILES)[number];

export const SERVICE_KINDS = ['auth', 'connection', 'message', 'push'] as const;
export type ServiceKind = (typeof SERVICE_KINDS)[number];

export type Scale = Readonly<Partial<Record<ServiceKind, number>>>;

export interface ConsulServer {
  readonly name: string;
  readonly httpPort: number;
  readonly serfPort: number;
  readonly rpcPort: number;
}

export interface KafkaBroker {
  readonly name: string;
  readonly nodeId: number;
  readonly port: number;
  readonly controllerPort: number;
}

export interface RedisNode {
  readonly name: string;
  readonly port: number;
  /** Cluster bus; unused by a single node. */
  readonly busPort: number;
  readonly role: 'master' | 'replica';
  /** Hash slots of a master, as `first-last`. */
  readonly slots?: string;
  /** Name of the master a replica follows. */
  readonly replicaOf?: string;
}

export interface DatabaseServer {
  readonly name: string;
  readonly port: number;
  /** Schemas this server holds; a replica has those of its source. */
  readonly schemas: readonly string[];
  /** How it began: the two may have changed their roles since. */
  readonly replicaOf?: string;
}

export interface ServiceInstance {
  readonly name: string;
  readonly kind: ServiceKind;
  /** SERVICE_ID, unique among the instances of one kind. */
  readonly id: string;
  readonly port: number;
}

export interface Balancer {
  readonly name: string;
  readonly id: string;
  readonly port: number;
}

export interface Topology {
  readonly profile: Profile;
  readonly portOffset: number;
  readonly consul: readonly ConsulServer[];
  readonly kafka: {
    readonly brokers: readonly KafkaBroker[];
    readonly partitions: number;
    readonly replicationFactor: number;
    readonly minInsyncReplicas: number;
  };
  readonly redis: { readonly cluster: boolean; readonly nodes: readonly RedisNode[] };
  readonly databases: readonly DatabaseServer[];
  /** Schemas of message shards 1 to N. */
  readonly shardSchemas: readonly string[];
  readonly services: readonly ServiceInstance[];
  readonly balancers: readonly Balancer[];
}

export const USER_SCHEMA = 'parley_users';
/** Message shards of a system that has never been given more. */
export const FIRST_SHARDS = 2;

/** Instances of one kind take consecutive ports, at most this many. */
export const MAX_INSTANCES = 20;

const PORTS = {
  consulHttp: 18500,
  consulSerf: 18510,
  consulRpc: 18520,
  nginx: 18080,
  kafka: 19094,
  kafkaController: 19104,
  redis: 17380,
  redisBus: 17390,
  database: 13306,
  services: { auth: 18100, connection: 18120, message: 18140, push: 18160 },
} as const;

export interface TopologyOptions {
  readonly profile: Profile;
  /** Added to every port, so that stacks can run side by side. */
  readonly portOffset?: number;
  /** Instances per service; the profile's own number where absent. */
  readonly scale?: Scale;
  /** How many message shards there are. */
  readonly shards?: number;
  /** Whether each database is a source with a replica; otherwise one server has them all. The full profile's way. */
  readonly replicated?: boolean | undefined;
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

function redisNodes(profile: Profile, offset: number): RedisNode[] {
  const port = PORTS.redis + offset;
  const busPort = PORTS.redisBus + offset;
  if (profile === 'single') return [{ name: 'redis-1', port, busPort, role: 'master' }];
  const slots = ['0-5460', '5461-10922', '10923-16383'];
  const masters = slots.map((own, i): RedisNode => ({
    name: `redis-${i + 1}`,
    port: port + i,
    busPort: busPort + i,
    role: 'master',
    slots: own,
  }));
  const replicas = masters.map((master, i): RedisNode => ({
    name: `redis-${i + 4}`,
    port: port + 3 + i,
    busPort: busPort + 3 + i,
    role: 'replica',
    replicaOf: master.name,
  }));
  return [...masters, ...replicas];
}

function databaseServers(replicated: boolean, shardSchemas: readonly string[], offset: number): DatabaseServer[] {
  const port = PORTS.database + offset;
  if (!replicated) return [{ name: 'database', port, schemas: [USER_SCHEMA, ...shardSchemas] }];
  const sources = [
    { name: 'database-users', schema: USER_SCHEMA },
    ...shardSchemas.map((schema, i) => ({ name: `database-shard-${i + 1}`, schema })),
  ];
  return sources.flatMap(({ name, schema }, i) => [
    { name, port: port + 2 * i, schemas: [schema] },
    { name: `${name}-replica`, port: port + 2 * i + 1, schemas: [schema], replicaOf: name },
  ]);
}

/** The port of instance `index` (from 0) of a service. */
export const servicePort = (kind: ServiceKind, index: number, portOffset: number): number =>
  PORTS.services[kind] + index + portOffset;

function serviceInstances(instances: number, scale: Scale, offset: number): ServiceInstance[] {
  return SERVICE_KINDS.flatMap((kind) =>
    range(scale[kind] ?? instances).map((index) => ({
      name: `${kind}-${index + 1}`,
      kind,
      id: String(index + 1),
      port: servicePort(kind, index, offset),
    })),
  );
}

export function createTopology({
  profile,
  portOffset = 0,
  scale = {},
  shards = FIRST_SHARDS,
  replicated = profile === 'full',
}: TopologyOptions): Topology {
  const full = profile === 'full';
  const shardSchemas = range(shards).map((i) => `parley_messages_${i + 1}`);
  const servers = range(full ? 3 : 1);
  const pairs = full ? 2 : 1;
  return {
    profile,
    portOffset,
    consul: servers.map((i) => ({
      name: `consul-${i + 1}`,
      httpPort: PORTS.consulHttp + i + portOffset,
      serfPort: PORTS.consulSerf + i + portOffset,
      rpcPort: PORTS.consulRpc + i + portOffset,
    })),
    kafka: {
      brokers: servers.map((i) => ({
        name: `kafka-${i + 1}`,
        nodeId: i + 1,
        port: PORTS.kafka + i + portOffset,
        controllerPort: PORTS.kafkaController + i + portOffset,
      })),
      partitions: 6,
      replicationFactor: servers.length,
      minInsyncReplicas: full ? 2 : 1,
    },
    redis: { cluster: full, nodes: redisNodes(profile, portOffset) },
    databases: databaseServers(replicated, shardSchemas, portOffset),
    shardSchemas,
    services: serviceInstances(pairs, scale, portOffset),
    balancers: range(pairs).map((i) => ({
      name: `nginx-${i + 1}`,
      id: String(i + 1),
      port: PORTS.nginx + i + portOffset,
    })),
  };
}
