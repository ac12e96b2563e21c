import { setImmediate as turn } from 'node:timers/promises';
import { channelId } from '@parley/protocol';
import { isUnavailable } from './database-errors.js';
import { MessageShards } from './message-shards.js';
import { migrateAll } from './migrations/migrate.js';
import { registerLastShard, ShardRegistry } from './shard-registry.js';
import { createTemporaryDatabases, type TemporaryDatabases } from './temporary-databases.js';
import { UserDatabase } from './user-database.js';

let databases: TemporaryDatabases;
let users: UserDatabase;
let shards: MessageShards;
let registry: ShardRegistry;

/** An instance that was configured with the first shard only; the others are added while it runs. */
beforeEach(async () => {
  databases = await createTemporaryDatabases();
  await migrateAll(databases.options, 0);
  users = new UserDatabase(databases.options);
  users.open();
  while (
    !(await users.check().then(
      () => true,
      () => false,
    ))
  )
    await turn();
  shards = new MessageShards({ ...databases.options, shards: databases.options.shards.slice(0, 1) });
  registry = new ShardRegistry(users, shards);
});
afterEach(async () => {
  await registry.close();
  await Promise.all([users.close(), ...shards.all().map((shard) => shard.close())]);
  await databases.drop();
});

const shardsOfNewChannels = () => new Set([1, 2, 3, 4].map((id) => shards.shardFor(channelId(id))));

it('a shard that is added is known first, and used when all instances have had time to know it', async () => {
  await registerLastShard(users.source, databases.options);
  await registry.look();
  expect([shards.count, shardsOfNewChannels()]).toEqual([2, new Set([1])]);
  await users.source.query('UPDATE message_shard SET opens_at = CURRENT_TIMESTAMP(3)');
  await registry.look();
  expect(shardsOfNewChannels()).toEqual(new Set([1, 2]));
  while (
    !(await shards
      .shard(2)
      .check()
      .then(
        () => true,
        () => false,
      ))
  )
    await turn();
  expect(await shards.shard(2).source.query('SELECT COUNT(*) AS n FROM message')).toEqual([{ n: 0 }]);
});

it('to be asked for an unknown shard is a reason to try again, and to look for it at once', async () => {
  registry.open();
  await registerLastShard(users.source, databases.options);
  const ask = () => shards.shard(2);
  expect(isUnavailable(errorOf(ask))).toBe(true);
  while (errorOf(ask) !== undefined) await turn();
  expect(shards.shard(2).name).toBe('shard-2');
});

it('adding the same shard again changes nothing, also not when it opens', async () => {
  await registerLastShard(users.source, databases.options);
  const [before]: unknown[] = await users.source.query('SELECT shard_id, opens_at FROM message_shard');
  await registerLastShard(users.source, databases.options);
  expect(await users.source.query('SELECT shard_id, opens_at FROM message_shard')).toEqual([before]);
});

function errorOf(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}
