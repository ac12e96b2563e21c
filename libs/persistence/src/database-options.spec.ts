import { ConfigurationError } from '@parley/platform';
import { userId } from '@parley/protocol';
import { createDataSource } from './data-source.js';
import { type DatabaseEnv, databaseOptionsFrom } from './database-env.js';
import { DatabaseUnavailable, isAlreadyThere, isDuplicate, unlessUnavailable } from './database-errors.js';
import { wholeNumber } from './entities/whole-number.js';
import { MessageShards } from './message-shards.js';
import { MigrationFailed } from './migrations/migrate.js';
import { registerLastShard } from './shard-registry.js';
import { writableAddress } from './writable-address.js';

/** An address at which nobody listens. */
const address = (database: string) => ({
  host: '127.0.0.1',
  port: 1,
  username: 'parley',
  password: 'f83kd02mx7qp',
  database,
});

const env = (more: Partial<DatabaseEnv> = {}): DatabaseEnv => ({
  USER_DB_SOURCE_URL: address('users'),
  MESSAGE_SHARD_SOURCE_URLS: [address('one'), address('two')],
  DB_SSL: false,
  DB_FAILOVER: true,
  DB_POOL_SIZE: 3,
  ...more,
});

describe('the databases of a configuration', () => {
  it('have no replica unless one is named', () => {
    const plain = { ssl: false };
    expect(databaseOptionsFrom(env())).toEqual({
      userDb: { source: { ...address('users'), ...plain } },
      shards: [{ source: { ...address('one'), ...plain } }, { source: { ...address('two'), ...plain } }],
      poolSize: 3,
    });
  });

  it('have each its own replica, which may take over', () => {
    const options = databaseOptionsFrom(
      env({
        DB_SSL: true,
        USER_DB_REPLICA_URL: address('u2'),
        MESSAGE_SHARD_REPLICA_URLS: [address('a'), address('b')],
      }),
    );
    expect(options.userDb).toMatchObject({ failover: true, replica: { database: 'u2', ssl: true } });
    expect(options.shards.map(({ replica }) => replica?.database)).toEqual(['a', 'b']);
  });

  it('cannot be told when the numbers of sources and replicas differ', () => {
    const wrong = env({ MESSAGE_SHARD_REPLICA_URLS: [address('a')] });
    expect(() => databaseOptionsFrom(wrong)).toThrow(ConfigurationError);
  });

  it('are encrypted, and whom they lead to is checked, when that is asked for', () => {
    const ssl = (wanted: boolean) => createDataSource({ ...address('users'), ssl: wanted }, { poolSize: 1 }).options;
    expect(ssl(true)).toMatchObject({ ssl: { verifyIdentity: true } });
    expect(ssl(false)).not.toHaveProperty('ssl');
  });
});

describe('the message shards', () => {
  const { shards } = databaseOptionsFrom(env());

  it('are asked for by number; one that is not known may just have been added', async () => {
    const known = new MessageShards({ shards, poolSize: 1 });
    let unknown = 0;
    known.onUnknown = () => (unknown += 1);
    expect(known.shard(2).name).toBe('shard-2');
    expect(() => known.shard(3)).toThrow(DatabaseUnavailable);
    expect(unknown).toBe(1);
  });

  it('take in the next one, with a replica or without, and no other', async () => {
    const known = new MessageShards({ shards, poolSize: 1 });
    const place = { host: '127.0.0.1', port: 1, database: 'three' };
    expect(known.add(4, { source: place })).toBeUndefined();
    expect(known.add(3, { source: place })?.name).toBe('shard-3');
    expect(known.add(4, { source: place, replica: place })?.name).toBe('shard-4');
    expect(known.count).toBe(4);
    await Promise.all(known.all().map((shard) => shard.close()));
  });

  it('cannot be added to nothing', async () => {
    const none = new MessageShards({ shards: [], poolSize: 1 });
    expect(none.add(1, { source: address('one') })).toBeUndefined();
    await expect(
      registerLastShard({ query: () => Promise.reject(new Error('asked')) }, { shards: [] }),
    ).rejects.toThrow('no shard is configured');
  });
});

describe('where to write', () => {
  it('is the source, without a question, when no other may take over', async () => {
    const [source, replica] = [address('one'), address('two')];
    expect(await writableAddress('shard-1', { source })).toBe(source);
    expect(await writableAddress('shard-1', { source, replica })).toBe(source);
  });

  it('is not known while neither of two answers', async () => {
    const pair = { source: address('one'), replica: address('two'), failover: true };
    await expect(writableAddress('shard-1', pair)).rejects.toThrow(DatabaseUnavailable);
  });
});

describe('what a database says', () => {
  const coded = (code: string) => Object.assign(new Error('text'), { code });

  it('is taken for nothing while it is away, and passed on otherwise', async () => {
    expect(await unlessUnavailable(Promise.resolve(1))).toBe(1);
    expect(await unlessUnavailable(Promise.reject(coded('ECONNREFUSED')))).toBeUndefined();
    await expect(unlessUnavailable(Promise.reject(coded('ER_PARSE_ERROR')))).rejects.toThrow('text');
  });

  it('about a column or key that exists is told from the rest', () => {
    expect(['ER_DUP_FIELDNAME', 'ER_DUP_KEYNAME', 'ER_DUP_ENTRY'].map((code) => isAlreadyThere(coded(code)))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('about a repeated row names the primary key when it names none', () => {
    expect(isDuplicate(coded('ER_DUP_ENTRY'))).toBe('PRIMARY');
  });

  it('is one line when a migration fails, with the variable to look at where there is one', () => {
    expect(new MigrationFailed('user-db', coded('ER_ACCESS_DENIED_ERROR')).message).toContain('USER_DB_SOURCE_URL');
    expect(new MigrationFailed('user-db', new Error('no table')).message).toBe('user-db: no table');
    expect(new MigrationFailed('user-db', 'odd').message).toBe('user-db: odd');
  });

  it('as a whole number is one, also where the driver hands out text', () => {
    const id = userId(7);
    expect([wholeNumber.from('7'), wholeNumber.from(7), wholeNumber.to(id)]).toEqual([7, 7, id]);
  });
});
