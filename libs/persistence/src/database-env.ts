import {
  booleanVar,
  ConfigurationError,
  type DatabaseAddress,
  integerVar,
  mysqlUrlListVar,
  mysqlUrlVar,
} from '@parley/platform';
import type { z } from 'zod';

/** The environment variables of this library; a program spreads them into its own schema. */
export const databaseEnv = {
  USER_DB_SOURCE_URL: mysqlUrlVar().describe('User database: the server that takes writes.'),
  USER_DB_REPLICA_URL: mysqlUrlVar().optional().describe('User database: a read-only copy.'),
  MESSAGE_SHARD_SOURCE_URLS: mysqlUrlListVar().describe(
    'Message shards 1 to N: the servers that take writes. A shard may be appended; the order never changes.',
  ),
  MESSAGE_SHARD_REPLICA_URLS: mysqlUrlListVar()
    .optional()
    .describe('Read-only copies of the message shards, in the same order.'),
  DB_SSL: booleanVar()
    .default(false)
    .describe('Encrypts the connections to all database servers and checks whom they lead to.'),
  DB_FAILOVER: booleanVar()
    .default(true)
    .describe(
      'Writes to a replica that takes writes when the source does not. Needs replicas that are read-only until then.',
    ),
  DB_POOL_SIZE: integerVar({ min: 1, max: 1_000 })
    .default(10)
    .describe('Connections that one process keeps to each database server.'),
};

export type DatabaseEnv = Readonly<z.output<z.ZodObject<typeof databaseEnv>>>;

/** A database and perhaps a copy of it that may lag behind. */
export interface DatabasePair {
  readonly source: DatabaseAddress;
  readonly replica?: DatabaseAddress;
  /** Whether the two may change their roles. Whoever is read-only is the replica then. */
  readonly failover?: boolean;
}

export interface DatabaseOptions {
  readonly userDb: DatabasePair;
  /** Shard 1 first. */
  readonly shards: readonly DatabasePair[];
  readonly poolSize: number;
}

/** @throws ConfigurationError if the numbers of sources and replicas differ: which replica is missing could not be told. */
export function databaseOptionsFrom(env: DatabaseEnv): DatabaseOptions {
  const { MESSAGE_SHARD_SOURCE_URLS: sources, MESSAGE_SHARD_REPLICA_URLS: replicas } = env;
  if (replicas !== undefined && replicas.length !== sources.length) {
    throw new ConfigurationError([
      'MESSAGE_SHARD_REPLICA_URLS: must name as many databases as MESSAGE_SHARD_SOURCE_URLS',
    ]);
  }
  const pair = (source: DatabaseAddress, replica: DatabaseAddress | undefined): DatabasePair => ({
    source: { ...source, ssl: env.DB_SSL },
    ...(replica !== undefined && { replica: { ...replica, ssl: env.DB_SSL }, failover: env.DB_FAILOVER }),
  });
  return {
    userDb: pair(env.USER_DB_SOURCE_URL, env.USER_DB_REPLICA_URL),
    shards: sources.map((source, index) => pair(source, replicas?.[index])),
    poolSize: env.DB_POOL_SIZE,
  };
}
