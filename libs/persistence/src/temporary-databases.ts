import { randomBytes } from 'node:crypto';
import { type DatabaseAddress, loadConfig } from '@parley/platform';
import { z } from 'zod';
import { createDataSource } from './data-source.js';
import { databaseEnv, type DatabaseOptions, databaseOptionsFrom, type DatabasePair } from './database-env.js';

export interface TemporaryDatabases {
  /** Empty databases; with replicas where the environment names some. */
  readonly options: DatabaseOptions;
  readonly drop: () => Promise<void>;
}

/**
 * For tests: databases of their own on the servers that the environment names, one user database and as many shards
 * as configured. The account needs the right to make databases whose names begin with `parley_`.
 */
export async function createTemporaryDatabases(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<TemporaryDatabases> {
  const { userDb, shards, poolSize } = databaseOptionsFrom(loadConfig(z.object(databaseEnv), env));
  const prefix = `parley_test_${randomBytes(5).toString('hex')}`;
  const options: DatabaseOptions = {
    userDb: renamed(userDb, `${prefix}_users`),
    shards: shards.map((pair, index) => renamed(pair, `${prefix}_shard_${index + 1}`)),
    poolSize,
  };
  const addresses = [options.userDb, ...options.shards].map(({ source }) => source);
  const forAll = async (command: 'CREATE' | 'DROP'): Promise<void> => {
    await Promise.all(addresses.map((address) => onServer(address, `${command} DATABASE ${address.database}`)));
  };
  await forAll('CREATE');
  return { options, drop: () => forAll('DROP') };
}

const renamed = ({ source, replica, ...roles }: DatabasePair, database: string): DatabasePair => ({
  ...roles,
  source: { ...source, database },
  ...(replica !== undefined && { replica: { ...replica, database } }),
});

async function onServer(address: DatabaseAddress, statement: string): Promise<void> {
  // No database is chosen: the one in question may not exist.
  const server = await createDataSource({ ...address, database: '' }, { poolSize: 1 }).initialize();
  try {
    await server.query(statement);
  } finally {
    await server.destroy();
  }
}
