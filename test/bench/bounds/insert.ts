import mysql from 'mysql2/promise';
import type { Stack } from '@parley/deploy';
import { usedBetween, usedBy } from '@parley/load';
import type { NewMessage } from '@parley/message/relay/message-store';
import { channelId, seq, userId } from '@parley/protocol';
import { shardUrls } from '../stored.ts';

export interface Pace {
  readonly perSecond: number;
  /** CPU of the client and the server together. */
  readonly cpuMicroseconds: number;
  /** ms for one batch. */
  readonly batchMs: number;
}

export interface Sizes {
  readonly rows: number;
  /** Rows in a statement. */
  readonly batch: number;
}

/** Stores one batch on a shard, the first of which is 0. */
export type Insert = (shard: number, rows: readonly NewMessage[]) => Promise<unknown>;

export const TABLE = 'bench_message';
const CHANNELS = Array.from({ length: 50 }, (_, index) => channelId(index + 1));
const USERS = Array.from({ length: 500 }, (_, index) => userId(index + 1));
const CONTENT = 'x'.repeat(200);

/** A table like that of messages with all its keys, or with what is left when `without` is carried out on it. */
export async function withTable<T>(stack: Stack, without: string | undefined, work: () => Promise<T>): Promise<T> {
  const connections = await connect(stack);
  const onAll = (sql: string): Promise<unknown> => Promise.all(connections.map((connection) => connection.query(sql)));
  try {
    await onAll(`DROP TABLE IF EXISTS ${TABLE}`);
    await onAll(`CREATE TABLE ${TABLE} LIKE message`);
    if (without !== undefined) await onAll(`ALTER TABLE ${TABLE} ${without}`);
    return await work();
  } finally {
    await onAll(`DROP TABLE IF EXISTS ${TABLE}`);
    await Promise.all(connections.map((connection) => connection.end()));
  }
}

export const connect = (stack: Stack): Promise<mysql.Connection[]> =>
  Promise.all(shardUrls(stack).map((uri) => mysql.createConnection({ uri })));

/** Rows as messages make them: many channels and users, sequences and serials that grow; shards side by side. */
export async function paceOf(stack: Stack, { rows, batch }: Sizes, insert: Insert): Promise<Pace> {
  const shards = shardUrls(stack).length;
  let made = 0;
  const next = (): NewMessage => {
    const number = (made += 1);
    return {
      channelId: nth(CHANNELS, number),
      seq: seq(Math.floor(number / CHANNELS.length) + 1),
      userId: nth(USERS, number),
      once: number,
      content: CONTENT,
    };
  };
  const work = async (perShard: number): Promise<void> => {
    await Promise.all(
      Array.from({ length: shards }, async (_, shard) => {
        for (let at = 0; at < perShard; at += batch) await insert(shard, Array.from({ length: batch }, next));
      }),
    );
  };
  await work(batch * 5);
  const done = made;
  const before = await usedBy(stack);
  const own = process.cpuUsage();
  const began = performance.now();
  await work(Math.ceil(rows / shards));
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(own);
  const server = usedBetween(before, await usedBy(stack)).filter(({ name }) => name.startsWith('database'));
  const cpu = (user + system) / 1e6 + server.reduce((sum, each) => sum + each.cpuSeconds, 0);
  const inserted = made - done;
  return {
    perSecond: inserted / seconds,
    cpuMicroseconds: (cpu * 1e6) / inserted,
    batchMs: (seconds * 1000 * shards) / (inserted / batch),
  };
}

function nth<T>(values: readonly T[], number: number): T {
  const value = values[number % values.length];
  if (value === undefined) throw new Error('nothing to choose from');
  return value;
}

export const rawInsert =
  (connections: readonly mysql.Connection[], batch: number): Insert =>
  async (shard, rows) => {
    const statement = `INSERT INTO ${TABLE} (channel_id, message_sequence, user_id, once, content) VALUES ${Array(batch).fill('(?,?,?,?,?)').join(',')}`;
    const values = rows.flatMap((row) => [row.channelId, row.seq, row.userId, row.once, row.content]);
    await connections[shard]?.execute(statement, values);
  };

/** Rows like those of messages, with the same keys, each shard on a connection of its own. */
export async function rawInserts(stack: Stack, sizes: Sizes, without?: string): Promise<Pace> {
  const connections = await connect(stack);
  try {
    return await withTable(stack, without, () => paceOf(stack, sizes, rawInsert(connections, sizes.batch)));
  } finally {
    await Promise.all(connections.map((connection) => connection.end()));
  }
}
