import { randomBytes } from 'node:crypto';
import { type DatabaseAddress, loadConfig } from '@parley/platform';
import { z } from 'zod';
import { createDataSource } from './data-source.js';
import { databaseEnv, type DatabaseOptions, databaseOptionsFrom } from './database-env.js';

export interface TemporaryDatabases {
  /** Empty databases; no replicas. */
  readonly options: DatabaseOptions;
  readonly drop: () => Promise<void>;
}

/**
 * For tests: databases of their own on the servers that the environment names, one user database and as many shards
 * as configured. The account needs the right to make databases whose names begin with `parley_`.
 */
export async function createTemporaryDatabases(): Promise<TemporaryDatabases> {
  const { userDb, shards, poolSize } = databaseOptionsFrom(loadConfig(z.object(databaseEnv)));
  const prefix = `parley_test_${randomBytes(5).toString('hex')}`;
  const options: DatabaseOptions = {
    userDb: { source: { ...userDb.source, database: `${prefix}_users` } },
    shards: shards.map(({ source }, index) => ({ source: { ...source, database: `${prefix}_shard_${index + 1}` } })),
    poolSize,
  };
  const addresses = [options.userDb, ...options.shards].map(({ source }) => source);
  const forAll = async (command: 'CREATE' | 'DROP'): Promise<void> => {
    await Promise.all(addresses.map((address) => onServer(address, `${command} DATABASE ${address.database}`)));
  };
  await forAll('CREATE');
  return { options, drop: () => forAll('DROP') };
}

async function onServer(address: DatabaseAddress, statement: string): Promise<void> {
  // No database is chosen: the one in question may not exist.
  const server = await createDataSource({ ...address, database: '' }, { poolSize: 1 }).initialize();
  try {
    await server.query(statement);
  } finally {
    await server.destroy();
  }
}
