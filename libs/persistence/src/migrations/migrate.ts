import { setTimeout as delay } from 'node:timers/promises';
import { type DatabaseAddress, whyRefused } from '@parley/platform';
import type { QueryRunner } from 'typeorm';
import { z } from 'zod';
import { createDataSource } from '../data-source.js';
import type { DatabaseOptions } from '../database-env.js';
import { dialectOf } from '../dialect.js';
import { isAlreadyThere, isUnavailable } from '../database-errors.js';
import { writableAddress } from '../writable-address.js';
import type { Migration } from './migration.js';
import { shardMigrations } from './shard-migrations.js';
import { userDatabaseMigrations } from './user-database-migrations.js';

/** How long one runner waits for another that is at work on the same database, in seconds. */
const LOCK_SECONDS = 60;
const RETRY_PAUSE_MS = 500;

const REGISTER = `CREATE TABLE IF NOT EXISTS schema_migration (
  version INT NOT NULL PRIMARY KEY,
  name VARCHAR(100) NOT NULL,
  applied_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

/** A database whose schema could not be brought up to date; the message fits one line and names no secret. */
export class MigrationFailed extends Error {
  override readonly name = 'MigrationFailed';
  constructor(database: string, cause: unknown) {
    super(`${database}: ${whyRefused(cause) ?? (cause instanceof Error ? cause.message : String(cause))}`, { cause });
  }
}

export interface Migrated {
  readonly database: string;
  /** Versions applied by this run; empty if there was nothing to do. */
  readonly applied: readonly number[];
}

/**
 * Brings the schemas of the user database and all shards up to date. May run at any time, any number of times, and
 * beside another run.
 * @param patienceMs how long to wait for a server that does not answer yet
 * @throws MigrationFailed
 */
export function migrateAll(options: DatabaseOptions, patienceMs: number): Promise<Migrated[]> {
  const databases = [
    { name: 'user-db', pair: options.userDb, migrations: userDatabaseMigrations },
    ...options.shards.map((pair, index) => ({ name: `shard-${index + 1}`, pair, migrations: shardMigrations })),
  ];
  const giveUpAt = performance.now() + patienceMs;
  return Promise.all(
    databases.map(async ({ name, pair, migrations }) => {
      try {
        const work = async () => migrate(await writableAddress(name, pair), migrations);
        return { database: name, applied: await patiently(giveUpAt, work) };
      } catch (error) {
        throw new MigrationFailed(name, error);
      }
    }),
  );
}

async function patiently<T>(giveUpAt: number, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isUnavailable(error) || performance.now() > giveUpAt) throw error;
      await delay(RETRY_PAUSE_MS);
    }
  }
}

/** Applies what is missing, in the order of versions; returns the applied versions. */
export async function migrate(address: DatabaseAddress, migrations: readonly Migration[]): Promise<number[]> {
  const dataSource = await createDataSource(address, { poolSize: 1 }).initialize();
  // The lock belongs to a connection, so all of it runs on one; a killed runner loses both.
  const connection = dataSource.createQueryRunner();
  try {
    return await underLock(connection, () => apply(connection, migrations));
  } finally {
    await connection.release();
    await dataSource.destroy();
  }
}

async function underLock<T>(connection: QueryRunner, work: () => Promise<T>): Promise<T> {
  // A digest, as the name of a lock is at most 64 characters long; MySQL 9 has no MD5.
  const name = "CONCAT('parley-', LEFT(SHA2(DATABASE(), 256), 32))";
  const deadline = performance.now() + LOCK_SECONDS * 1_000;
  // Asked for often rather than waited for long: a waiting statement would run into the driver's timeout.
  while ((await scalar(connection, `SELECT GET_LOCK(${name}, 1) AS value`)) !== 1) {
    if (performance.now() > deadline) throw new Error('another migration has been running for too long');
  }
  try {
    return await work();
  } finally {
    await connection.query(`SELECT RELEASE_LOCK(${name})`);
  }
}

async function apply(connection: QueryRunner, migrations: readonly Migration[]): Promise<number[]> {
  await connection.query(REGISTER);
  const known = await scalar(connection, 'SELECT COALESCE(MAX(version), 0) AS value FROM schema_migration');
  const dialect = dialectOf(String(await scalar(connection, 'SELECT VERSION() AS value')));
  const missing = migrations.filter(({ version }) => version > Number(known));
  for (const migration of missing) {
    for (const statement of migration.statements(dialect)) {
      // MySQL has no ADD COLUMN IF NOT EXISTS: a column or key that a run before this one has added is told by the error.
      await connection.query(statement).catch((error: unknown) => {
        if (!isAlreadyThere(error)) throw error;
      });
    }
    await connection.query('INSERT INTO schema_migration (version, name) VALUES (?, ?)', [
      migration.version,
      migration.name,
    ]);
  }
  return missing.map(({ version }) => version);
}

const ScalarRows = z.tuple([z.object({ value: z.unknown() })]);

/** The one value of a query that names it `value`. */
async function scalar(connection: QueryRunner, sql: string): Promise<unknown> {
  const rows: unknown = await connection.query(sql);
  const [row] = ScalarRows.parse(rows);
  return row.value;
}
