import type { Certificate } from './native/certificate.js';
import type { Balancer, DatabaseServer, ServiceInstance, Topology } from './topology.js';
import { USER_SCHEMA } from './topology.js';

export type Environment = Readonly<Record<string, string>>;

export interface Secrets {
  readonly databasePassword: string;
  readonly redisPassword: string;
}

/** How one back end names machines: the native runner has one host for all, containers have one each. */
export interface Network {
  /** Host under which the part `name` is reached by the others. */
  readonly hostOf: (name: string) => string;
  /** Address that processes listen on. */
  readonly listenHost: string;
}

/** Who our services are to a database server, and who a replica is to its source. */
export const DATABASE_USER = 'parley';
export const REPLICATION_USER = 'parley_replica';

const holds = (schema: string, replica: boolean) => (server: DatabaseServer) =>
  server.schemas.includes(schema) && (server.replicaOf !== undefined) === replica;

function databaseUrl(topology: Topology, network: Network, secrets: Secrets, schema: string, replica: boolean) {
  const server = topology.databases.find(holds(schema, replica));
  if (server === undefined) return undefined;
  return `mysql://${DATABASE_USER}:${secrets.databasePassword}@${network.hostOf(server.name)}:${server.port}/${schema}`;
}

function databaseEnvironment(topology: Topology, network: Network, secrets: Secrets): Environment {
  const url = (schema: string, replica: boolean) => databaseUrl(topology, network, secrets, schema, replica);
  const settings = {
    USER_DB_SOURCE_URL: url(USER_SCHEMA, false),
    USER_DB_REPLICA_URL: url(USER_SCHEMA, true),
    MESSAGE_SHARD_SOURCE_URLS: topology.shardSchemas.flatMap((schema) => url(schema, false) ?? []).join(','),
    MESSAGE_SHARD_REPLICA_URLS: topology.shardSchemas.flatMap((schema) => url(schema, true) ?? []).join(','),
  };
  return Object.fromEntries(Object.entries(settings).flatMap(([key, value]) => (value ? [[key, value]] : [])));
}

export const consulUrls = (topology: Topology, network: Network): string[] =>
  topology.consul.map((server) => `http://${network.hostOf(server.name)}:${server.httpPort}`);

/** What every service and one-off program is told: where the servers are and how to enter them. */
export function sharedEnvironment(topology: Topology, network: Network, secrets: Secrets): Environment {
  const addresses = (parts: readonly { name: string; port: number }[]) =>
    parts.map((part) => `${network.hostOf(part.name)}:${part.port}`).join(',');
  return {
    CONSUL_URLS: consulUrls(topology, network).join(','),
    KAFKA_BROKERS: addresses(topology.kafka.brokers),
    KAFKA_PARTITIONS: String(topology.kafka.partitions),
    KAFKA_REPLICATION_FACTOR: String(topology.kafka.replicationFactor),
    REDIS_NODES: addresses(topology.redis.nodes),
    REDIS_CLUSTER: String(topology.redis.cluster),
    REDIS_PASSWORD: secrets.redisPassword,
    ...databaseEnvironment(topology, network, secrets),
  };
}

/** What makes one instance of a service itself, on top of the shared environment. */
export const instanceEnvironment = (service: Omit<ServiceInstance, 'kind'>, network: Network): Environment => ({
  SERVICE_ID: service.id,
  HTTP_HOST: network.listenHost,
  HTTP_PORT: String(service.port),
  ADVERTISE_HOST: network.hostOf(service.name),
});

export interface BalancerPaths {
  readonly template: string;
  readonly webRoot: string;
  readonly stateDir: string;
  /** With it only HTTPS is served. */
  readonly tls?: Certificate | undefined;
}

/** Environment of the agent that runs one load balancer. `publicHost` is where clients outside reach it. */
export const balancerEnvironment = (
  topology: Topology,
  balancer: Balancer,
  network: Network,
  publicHost: string,
  paths: BalancerPaths,
): Environment => ({
  CONSUL_URLS: consulUrls(topology, network).join(','),
  NGINX_ID: `nginx-${publicHost}-${balancer.port}`,
  NGINX_NAME: balancer.name,
  NGINX_LISTEN: `${network.listenHost}:${balancer.port}`,
  NGINX_TEMPLATE: paths.template,
  NGINX_WEB_ROOT: paths.webRoot,
  NGINX_STATE_DIR: paths.stateDir,
  ...(paths.tls && { NGINX_TLS_CERTIFICATE: paths.tls.certificate, NGINX_TLS_KEY: paths.tls.key }),
  ADVERTISE_HOST: publicHost,
  ADVERTISE_PORT: String(balancer.port),
  CHECK_ADDRESS: `${network.hostOf(balancer.name)}:${balancer.port}`,
});
