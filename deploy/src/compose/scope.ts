import type { Network } from '../environment.js';
import type { Topology } from '../topology.js';

/** A secret that compose takes from .env or the shell, and refuses to start without. */
export const required = (name: string): string => `\${${name}:?set it in .env}`;

export const SECRETS = {
  databasePassword: required('PARLEY_DATABASE_PASSWORD'),
  databaseRootPassword: required('PARLEY_DATABASE_ROOT_PASSWORD'),
  replicationPassword: required('PARLEY_REPLICATION_PASSWORD'),
  redisPassword: required('PARLEY_REDIS_PASSWORD'),
} as const;

/** One profile in the compose file: both live in one file, so the names of one of them carry a prefix. */
export interface Scope {
  readonly topology: Topology;
  readonly nameOf: (part: string) => string;
  readonly network: Network;
  readonly networkName: string;
  /** Fixed addresses, for servers that remember each other by address over restarts. */
  readonly addressOf: (part: string) => string;
  readonly addresses: Addresses;
  /** Networks from which Consul takes registrations. */
  readonly consulWriters: readonly string[];
}

/** How the addresses of a network are given out. */
export interface Addresses {
  readonly subnet: string;
  readonly gateway: string;
  /** Where containers without a fixed address get theirs: they never take one that is kept for another, whichever starts first. */
  readonly ip_range: string;
}

const FIRST_FIXED_ADDRESS = 10;

/** The subnet without its gateway: what comes from outside through a published port may have the gateway's address. */
const CONTAINERS = ['2/31', '4/30', '8/29', '16/28', '32/27', '64/26', '128/25'];

export function scopeOf(topology: Topology): Scope {
  const full = topology.profile === 'full';
  const nameOf = (part: string) => (full ? part : `single-${part}`);
  const fixed = [...topology.consul, ...topology.redis.nodes].map((server) => server.name);
  const prefix = full ? '172.29.18' : '172.29.19';
  return {
    topology,
    nameOf,
    network: { hostOf: nameOf, listenHost: '0.0.0.0' },
    networkName: topology.profile,
    addressOf: (part) => `${prefix}.${FIRST_FIXED_ADDRESS + fixed.indexOf(part)}`,
    addresses: { subnet: `${prefix}.0/24`, gateway: `${prefix}.1`, ip_range: `${prefix}.128/25` },
    consulWriters: CONTAINERS.map((network) => `${prefix}.${network}`),
  };
}

/** What every container of a profile has. */
export const membership = (scope: Scope) => ({
  profiles: [scope.topology.profile],
  networks: { [scope.networkName]: null },
});

export const fixedMembership = (scope: Scope, part: string) => ({
  profiles: [scope.topology.profile],
  networks: { [scope.networkName]: { ipv4_address: scope.addressOf(part) } },
});

/** Ports are published to this machine only, unless PARLEY_BIND says otherwise. */
export const published = (port: number): string => `\${PARLEY_BIND:-127.0.0.1}:${port}:${port}`;
