import mysql from 'mysql2/promise';
import type { Stack } from '@parley/deploy';

export const shardUrls = (stack: Stack): readonly string[] => (stack.env['MESSAGE_SHARD_SOURCE_URLS'] ?? '').split(',');

/** How many messages of these channels the shards hold. */
export async function storedIn(stack: Stack, channels: readonly number[]): Promise<number> {
  let sum = 0;
  for (const uri of shardUrls(stack)) {
    const connection = await mysql.createConnection({ uri });
    const [rows] = await connection.query<mysql.RowDataPacket[]>(
      'SELECT COUNT(*) AS stored FROM message WHERE channel_id IN (?)',
      [channels],
    );
    sum += Number(rows[0]?.['stored']);
    await connection.end();
  }
  return sum;
}
