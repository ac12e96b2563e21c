import mysql from 'mysql2/promise';
import type { Stack } from '@parley/deploy';
import { usedBetween, usedBy } from '@parley/load';

export interface Pace {
  readonly perSecond: number;
  /** CPU of the client and the server together. */
  readonly cpuMicroseconds: number;
  /** ms for one batch. */
  readonly batchMs: number;
}

const TABLE = 'bench_message';

/** Rows like those of messages, with the same keys, `batch` in a statement, each shard on a connection of its own. */
export async function rawInserts(stack: Stack, { rows, batch }: { rows: number; batch: number }): Promise<Pace> {
  const urls = (stack.env['MESSAGE_SHARD_SOURCE_URLS'] ?? '').split(',');
  const content = 'x'.repeat(200);
  const statement = `INSERT INTO ${TABLE} (channel_id, message_sequence, user_id, once, content) VALUES ${Array(batch).fill('(?,?,?,?,?)').join(',')}`;
  const connections = await Promise.all(urls.map((uri) => mysql.createConnection({ uri })));
  try {
    await Promise.all(
      connections.map(async (connection) => {
        await connection.query(`DROP TABLE IF EXISTS ${TABLE}`);
        await connection.query(`CREATE TABLE ${TABLE} LIKE message`);
      }),
    );
    const work = async (perShard: number): Promise<void> => {
      await Promise.all(
        connections.map(async (connection) => {
          for (let at = 0; at < perShard; at += batch) {
            const values = Array.from({ length: batch }, () => [1, (next += 1), 7, next, content]).flat();
            await connection.execute(statement, values);
          }
        }),
      );
    };
    let next = 0;
    await work(batch * 5);
    const done = next;
    const before = await usedBy(stack);
    const own = process.cpuUsage();
    const began = performance.now();
    await work(Math.ceil(rows / connections.length));
    const seconds = (performance.now() - began) / 1000;
    const { user, system } = process.cpuUsage(own);
    const server = usedBetween(before, await usedBy(stack)).filter(({ name }) => name.startsWith('database'));
    const cpu = (user + system) / 1e6 + server.reduce((sum, each) => sum + each.cpuSeconds, 0);
    const inserted = next - done;
    return {
      perSecond: inserted / seconds,
      cpuMicroseconds: (cpu * 1e6) / inserted,
      batchMs: (seconds * 1000 * connections.length) / (inserted / batch),
    };
  } finally {
    await Promise.all(connections.map((connection) => connection.query(`DROP TABLE IF EXISTS ${TABLE}`)));
    await Promise.all(connections.map((connection) => connection.end()));
  }
}
