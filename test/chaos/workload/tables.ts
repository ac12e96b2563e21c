import type { System } from '@parley/testing';
import type { Tables } from '../history/entries.js';
import type { Cohort } from './cohort.js';

const MARK = (count: number): string => Array.from({ length: count }, () => '?').join(', ');

/** What the databases hold of a cohort now. */
export async function tablesOf(system: System, { users, rooms }: Cohort): Promise<Tables> {
  const ids = rooms.map(({ id }) => id);
  const ask = (sql: string, parameters: readonly (string | number)[]) => system.rows(system.users, sql, parameters);
  const accounts = await ask(
    `SELECT user_id, username, connection_count FROM message_user WHERE username IN (${MARK(users.length)})`,
    users,
  );
  const nameOf = new Map(accounts.map((row) => [Number(row['user_id']), String(row['username'])]));
  const name = (id: unknown): string => nameOf.get(Number(id)) ?? `stranger ${String(id)}`;
  const [channels, memberships, contacts, pushes, ...shards] = await Promise.all([
    ask(`SELECT channel_id, shard_id, head_count FROM channel WHERE channel_id IN (${MARK(ids.length)})`, ids),
    ask(
      `SELECT user_id, channel_id, last_read_msg_seq FROM user_channel WHERE channel_id IN (${MARK(ids.length)})`,
      ids,
    ),
    ask(
      `SELECT partner_a_user_id AS a, partner_b_user_id AS b FROM user_connection
       WHERE status = 'ACCEPTED' AND partner_a_user_id IN (${MARK(nameOf.size)})`,
      [...nameOf.keys()],
    ),
    ask(
      `SELECT user_id, channel_id, message_sequence FROM push_inbox
       WHERE type = 'NOTIFY_MESSAGE' AND channel_id IN (${MARK(ids.length)})`,
      ids,
    ),
    ...system.shards.map((shard) =>
      system.rows(
        shard,
        `SELECT channel_id, message_sequence, user_id, content FROM message WHERE channel_id IN (${MARK(ids.length)})`,
        ids,
      ),
    ),
  ]);
  return {
    rows: shards.flatMap((rows, index) =>
      rows.map((row) => ({
        shard: index + 1,
        channel: Number(row['channel_id']),
        seq: Number(row['message_sequence']),
        author: name(row['user_id']),
        content: String(row['content']),
      })),
    ),
    channels: channels.map((row) => ({
      channel: Number(row['channel_id']),
      shard: Number(row['shard_id']),
      headCount: Number(row['head_count']),
    })),
    memberships: memberships.map((row) => ({
      user: name(row['user_id']),
      channel: Number(row['channel_id']),
      lastRead: Number(row['last_read_msg_seq']),
    })),
    accounts: accounts.map((row) => ({
      user: String(row['username']),
      contactCount: Number(row['connection_count']),
    })),
    accepted: contacts.map((row) => [name(row['a']), name(row['b'])] as const),
    pushes: pushes.map((row) => ({
      user: name(row['user_id']),
      channel: Number(row['channel_id']),
      seq: Number(row['message_sequence']),
    })),
  };
}
