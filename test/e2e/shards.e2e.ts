import { addShard } from '@parley/deploy';
import type { ChannelId } from '@parley/protocol';
import {
  channelOf,
  type Connected,
  enter,
  eventually,
  guests,
  newConnected,
  pushInbox,
  roomOf,
  startOwnStack,
  System,
  write,
  Writer,
} from '@parley/testing';

/** A system of its own: its shards and its schema change. */
const stack = await startOwnStack('shards', {
  scale: { message: 2 },
  env: { auth: { LOGIN_LIMIT_PER_ADDRESS_PER_MINUTE: '10000', REGISTER_LIMIT_PER_ADDRESS_PER_MINUTE: '10000' } },
});
const system = new System(stack);
const person = guests(system);

afterAll(() => stack.wipe(), 60_000);

const servicePids = async () =>
  (await stack.status()).filter(({ name }) => /^(auth|connection|message|push)-/.test(name)).map(({ pid }) => pid);

async function oneMoreChannel(ann: Connected, bob: Connected): Promise<ChannelId> {
  const frame = { type: 'CREATE_REQUEST', title: 'more', participantUsernames: [bob.name] };
  return (await ann.wire.ask(frame, 'CREATE_RESPONSE')).channelId;
}

const shardOf = async (channelId: ChannelId): Promise<number> => {
  const [row] = await system.rows(system.users, 'SELECT shard_id FROM channel WHERE channel_id = ?', [channelId]);
  return Number(row?.['shard_id']);
};

const messagesOn = async (shard: string, channelId: ChannelId) => {
  const sql = 'SELECT message_sequence AS seq, content FROM message WHERE channel_id = ? ORDER BY message_sequence';
  const rows = await system.rows(shard, sql, [channelId]);
  return rows.map((row) => ({ seq: Number(row['seq']), content: String(row['content']) }));
};

describe('a schema that is one step ahead', () => {
  it('does not disturb the services that run: columns, keys and tables are added under load', async () => {
    const pids = await servicePids();
    const [ann, bob] = [await person('ann'), await person('bob')];
    const channelId = await roomOf(ann, bob);
    const writers = [ann, bob].map((one) => new Writer(one, channelId));
    await Promise.all(writers.map((writer) => writer.more(5)));
    for (const database of [system.users, ...system.shards]) {
      const tables = (await system.rows(database, 'SHOW TABLES')).map((row) => String(Object.values(row)[0]));
      for (const table of tables) {
        await system.rows(database, `ALTER TABLE ${table} ADD COLUMN later INT NOT NULL DEFAULT 7 FIRST`);
        await system.rows(
          database,
          `ALTER TABLE ${table} ADD COLUMN later_text VARCHAR(20) NULL, ADD KEY later (later)`,
        );
      }
      await system.rows(database, 'CREATE TABLE IF NOT EXISTS later (id INT NOT NULL PRIMARY KEY)');
    }
    await Promise.all(writers.map((writer) => writer.more(5)));
    await Promise.all(writers.map((writer) => writer.stop()));
    // Everything that people can do reads and writes these tables.
    const [cat, dan] = [await person('cat'), await newConnected(system.server, 'dan')];
    const other = await roomOf(cat, dan);
    expect(await write(cat, other, 'seen')).toBe(1);
    await dan.wire.next('NOTIFY_MESSAGE');
    await dan.wire.ask({ type: 'QUIT_REQUEST', channelId: other }, 'QUIT_RESPONSE');
    const range = { type: 'FETCH_MESSAGES_REQUEST', channelId: other, startMessageSeqId: 1, endMessageSeqId: 1 };
    expect((await cat.wire.ask(range, 'FETCH_MESSAGES_RESPONSE')).messages).toMatchObject([{ content: 'seen' }]);
    const pushed = await channelOf(dan, ann);
    await write(dan, pushed, 'pushed');
    await eventually(async () => expect(await pushInbox(system.server, ann)).toMatchObject([{ content: 'pushed' }]));
    await dan.wire[Symbol.asyncDispose]();
    const acknowledged = writers.flatMap((writer) => writer.acknowledged).toSorted((a, b) => a.seq - b.seq);
    expect(await system.storedMessages(channelId)).toEqual(acknowledged);
    expect(await servicePids()).toEqual(pids);
  }, 120_000);
});

describe('a third message shard', () => {
  it('is added while people write: old channels stay, new ones use it, nothing is lost and nothing restarts', async () => {
    const pids = await servicePids();
    const [ann, bob] = [await person('ann'), await person('bob')];
    const old = [await roomOf(ann, bob), await oneMoreChannel(ann, bob)] as const;
    for (const one of [ann, bob]) await enter(one, old[1]);
    const before = await Promise.all(old.map(shardOf));
    const writers = [new Writer(ann, old[0]), new Writer(bob, old[1])];
    await Promise.all(writers.map((writer) => writer.more(5)));

    const { id, stack: grown } = await addShard(stack);
    expect(id).toBe(3);
    await Promise.all(writers.map((writer) => writer.more(5)));
    const [cat, dan] = [await person('cat'), await person('dan')];
    await channelOf(cat, dan);
    const onThird = await eventually(async () => {
      const channelId = await oneMoreChannel(cat, dan);
      expect(await shardOf(channelId)).toBe(3);
      return channelId;
    }, 30_000);
    for (const one of [cat, dan]) await enter(one, onThird);
    const others = [new Writer(cat, onThird), new Writer(dan, onThird)];
    await Promise.all([...writers, ...others].map((writer) => writer.more(10)));
    await Promise.all([...writers, ...others].map((writer) => writer.stop()));

    const shards = (grown.env['MESSAGE_SHARD_SOURCE_URLS'] ?? '').split(',');
    expect(shards).toHaveLength(3);
    expect(await Promise.all(old.map(shardOf))).toEqual(before);
    for (const [index, channelId] of old.entries()) {
      expect(await messagesOn(shards[(before[index] ?? 0) - 1] ?? '', channelId)).toEqual(writers[index]?.acknowledged);
    }
    const acknowledged = others.flatMap((writer) => writer.acknowledged).toSorted((a, b) => a.seq - b.seq);
    expect(await messagesOn(shards[2] ?? '', onThird)).toEqual(acknowledged);
    for (const shard of shards.slice(0, 2)) expect(await messagesOn(shard, onThird)).toEqual([]);
    expect(await servicePids()).toEqual(pids);
    // Nobody was told of an error on the way.
    expect([...writers, ...others].map((writer) => writer.errors)).toEqual([0, 0, 0, 0]);
  }, 120_000);
});
