import { createDataSource } from '../data-source.js';
import { Database } from '../database.js';
import { AccountEntity } from '../entities/account.entity.js';
import { isDuplicate } from '../database-errors.js';
import { userDatabaseEntities } from '../entities/user-database-entities.js';
import { MessageShards } from '../message-shards.js';
import { createTemporaryDatabases, type TemporaryDatabases } from '../temporary-databases.js';
import { UserDatabase } from '../user-database.js';
import { migrate, migrateAll, MigrationFailed } from './migrate.js';
import type { Dialect } from '../dialect.js';
import type { Migration } from './migration.js';
import { shardMigrations } from './shard-migrations.js';
import { userDatabaseMigrations } from './user-database-migrations.js';

let databases: TemporaryDatabases;
beforeEach(async () => {
  databases = await createTemporaryDatabases();
});
afterEach(() => databases.drop());

/** Opens it, waits until it answers, and closes it after `use`. */
async function using<T>(database: Database, use: (database: Database) => Promise<T>): Promise<T> {
  database.open();
  try {
    while (
      !(await database.check().then(
        () => true,
        () => false,
      ))
    )
      await new Promise(setImmediate);
    return await use(database);
  } finally {
    await database.close();
  }
}

const users = <T>(use: (database: Database) => Promise<T>): Promise<T> =>
  using(new UserDatabase(databases.options), use);

const versions = (migrations: readonly Migration[]): number[] => migrations.map(({ version }) => version);

describe('migrations', () => {
  it('make every table once, and nothing the second time', async () => {
    const first = await migrateAll(databases.options, 0);
    expect(first.map(({ applied }) => applied)).toEqual([
      versions(userDatabaseMigrations),
      ...databases.options.shards.map(() => versions(shardMigrations)),
    ]);
    const second = await migrateAll(databases.options, 0);
    expect(second.map(({ applied }) => applied)).toEqual(first.map(() => []));
  });

  it('go on where a run was cut off', async () => {
    const half = userDatabaseMigrations.map((migration) => ({
      ...migration,
      statements: (dialect: Dialect) => [...migration.statements(dialect).slice(0, 3), 'not SQL'],
    }));
    await expect(migrate(databases.options.userDb.source, half)).rejects.toThrow();
    expect(await migrate(databases.options.userDb.source, userDatabaseMigrations)).toEqual(
      versions(userDatabaseMigrations),
    );
    await users(async ({ source }) => {
      for (const { tableName } of source.entityMetadatas) await source.query(`SELECT * FROM ${tableName}`);
    });
  });

  it('go on where a run was killed, without waiting for it', async () => {
    const address = databases.options.userDb.source;
    const asleep = userDatabaseMigrations.map((migration) => ({
      ...migration,
      statements: (dialect: Dialect) => [...migration.statements(dialect).slice(0, 3), 'SELECT SLEEP(60)'],
    }));
    const killed = migrate(address, asleep).catch((error: unknown) => error);
    await users(async ({ source }) => {
      const sleeping = "SELECT id FROM information_schema.processlist WHERE db = ? AND info = 'SELECT SLEEP(60)'";
      let found: { id: number }[] = [];
      while (found.length === 0) found = await source.query(sleeping, [address.database]);
      await source.query(`KILL ${found[0]?.id}`);
    });
    expect(await killed).toBeInstanceOf(Error);
    expect(await migrate(address, userDatabaseMigrations)).toEqual(versions(userDatabaseMigrations));
    await users(async ({ source }) => {
      for (const { tableName } of source.entityMetadatas) await source.query(`SELECT 1 FROM ${tableName}`);
    });
  });

  it('take columns and keys that a run before has added for done', async () => {
    const address = databases.options.userDb.source;
    await migrate(address, userDatabaseMigrations);
    const next = (...statements: string[]) => [{ version: 3, name: 'next', statements: () => statements }];
    const additions = ['ALTER TABLE channel ADD COLUMN later INT NULL', 'ALTER TABLE channel ADD KEY later (later)'];
    await expect(migrate(address, next(...additions, 'not SQL'))).rejects.toThrow();
    expect(await migrate(address, next(...additions))).toEqual([3]);
  });

  it('run beside each other do every step once', async () => {
    const runs = await Promise.all(
      [1, 2, 3].map(() => migrate(databases.options.userDb.source, userDatabaseMigrations)),
    );
    expect(runs.flat()).toEqual(versions(userDatabaseMigrations));
  });

  it('fail with one line that names the database and no password', async () => {
    const wrong = { ...databases.options.userDb.source, database: 'parley_test_absent' };
    const failure = await migrateAll({ ...databases.options, userDb: { source: wrong } }, 0).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(MigrationFailed);
    expect(String(failure)).toMatch(/^MigrationFailed: user-db: .*parley_test_absent.*$/);
    expect(String(failure)).not.toContain(`:${wrong.password}@`);
  });
});

describe('the user database', () => {
  beforeEach(() => migrateAll(databases.options, 0));

  const account = (username: string) => ({
    username,
    password: 'hash',
    inviteCode: username.padEnd(32, '0'),
    contactCount: 0,
  });

  it('takes two names that differ only in case or accents for the same', async () => {
    await users(async ({ source }) => {
      const accounts = source.getRepository(AccountEntity);
      await accounts.insert(account('alice'));
      const repeated = await accounts.insert({ ...account('ALÍCE'), inviteCode: 'x'.repeat(32) }).catch(isDuplicate);
      expect(repeated).toBe('username');
      expect(await accounts.findOneByOrFail({ username: 'Alicé' })).toMatchObject({ userId: 1, username: 'alice' });
    });
  });

  it('gives ids as numbers and times as they were, whether raw or as entities', async () => {
    await users(async ({ source }) => {
      await source.getRepository(AccountEntity).insert(account('bob'));
      const [raw]: unknown[] = await source.query(
        'SELECT user_id, created_at, COUNT(*) OVER () AS n FROM message_user',
      );
      const entity = await source.getRepository(AccountEntity).findOneByOrFail({ username: 'bob' });
      expect(raw).toEqual({ user_id: 1, created_at: entity.createdAt, n: 1 });
      expect(entity).toMatchObject({ userId: 1, inviteCode: 'bob'.padEnd(32, '0'), contactCount: 0 });
      expect(Math.abs(Date.now() - entity.createdAt.getTime())).toBeLessThan(60_000);
    });
  });

  it('has an entity for every table whose columns are those of the schema', async () => {
    const source = createDataSource(databases.options.userDb.source, { poolSize: 1, entities: userDatabaseEntities });
    await source.initialize();
    for (const { target } of source.entityMetadatas) await source.getRepository(target).find();
    await source.destroy();
  });
});

describe('a shard', () => {
  beforeEach(() => migrateAll(databases.options, 0));

  it('keeps texts of any script byte for byte, and says which key a row would repeat', async () => {
    await using(new MessageShards(databases.options).shard(1), async ({ source }) => {
      const insert = (seq: number, once: number) =>
        source.query('INSERT INTO message (channel_id, message_sequence, user_id, once, content) VALUES (?)', [
          [7, seq, 3, once, '👩‍👩‍👧 é e\u0301 '],
        ]);
      await insert(1, 1_700_000_000_000);
      const [row]: unknown[] = await source.query('SELECT content, once FROM message');
      expect(row).toEqual({ content: '👩‍👩‍👧 é e\u0301 ', once: 1_700_000_000_000 });
      expect(await insert(1, 5).catch(isDuplicate)).toBe('PRIMARY');
      expect(await insert(2, 1_700_000_000_000).catch(isDuplicate)).toBe('once');
    });
  });
});
