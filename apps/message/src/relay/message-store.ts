import { type ChannelId, LIMITS, seq, type Seq, type UserId } from '@parley/protocol';
import { type Database, MessageShards, unlessUnavailable } from '@parley/persistence';
import { Injectable } from '@nestjs/common';

export interface NewMessage {
  readonly channelId: ChannelId;
  readonly seq: Seq;
  readonly userId: UserId;
  /** Unique per channel and sender: what makes a retry find the first one. */
  readonly once: number;
  readonly content: string;
}

export interface MessageRow {
  readonly channelId: ChannelId;
  readonly seq: Seq;
  readonly userId: UserId;
  readonly content: string;
}

type WriteKey = Pick<NewMessage, 'channelId' | 'userId' | 'once'>;

interface Row {
  channel_id: ChannelId;
  message_sequence: Seq;
  user_id: UserId;
  once: number;
  content: string;
}

/** Rows in one INSERT; more go in several statements, in order. */
export const INSERT_ROWS = 500;

/** The messages on the shards. Rows are only ever added: a sequence, once given, stays. */
@Injectable()
export class MessageStore {
  /** Statements that have stored messages. */
  inserts = 0;

  constructor(private readonly shards: MessageShards) {}

  /** One statement, all or nothing. Fails on a taken (channel, sequence) or (channel, sender, once). */
  async insert(shard: number, messages: readonly NewMessage[]): Promise<void> {
    const values = messages.flatMap((m) => [m.channelId, m.seq, m.userId, m.once, m.content]);
    await this.shards
      .shard(shard)
      .source.query(
        `INSERT INTO message (channel_id, message_sequence, user_id, once, content) VALUES ${rows(messages.length, 5)}`,
        values,
      );
    this.inserts += 1;
  }

  /** Whether the shard stores anything at the moment: a server may answer questions and hang with what it has to write. */
  async probe(shard: number): Promise<void> {
    await this.shards.shard(shard).source.query('REPLACE INTO write_probe (id, at) VALUES (1, NOW(3))');
  }

  /** Sequences that these writes were given earlier, by `channel:user:once`. */
  async given(shard: number, writes: readonly WriteKey[]): Promise<Map<string, Seq>> {
    const found: Row[] = await this.shards.shard(shard).source.query(
      `SELECT channel_id, user_id, once, message_sequence FROM message WHERE (channel_id, user_id, once) IN (${rows(writes.length, 3)})`,
      writes.flatMap((write) => [write.channelId, write.userId, write.once]),
    );
    return new Map(
      found.map((row) => [
        writeKey({ channelId: row.channel_id, userId: row.user_id, once: row.once }),
        row.message_sequence,
      ]),
    );
  }

  /** Highest sequence of each channel of a shard that has messages. */
  async lastSequences(shard: number, channels: readonly ChannelId[]): Promise<Map<ChannelId, Seq>> {
    return lastSequencesIn(this.shards.shard(shard).source, channels);
  }

  /** The same as far as the replica knows, which may lag; undefined if there is none that answers. */
  async copiedLastSequences(shard: number, channels: readonly ChannelId[]): Promise<Map<ChannelId, Seq> | undefined> {
    const { replica } = this.shards.shard(shard);
    return replica === undefined ? undefined : unlessUnavailable(lastSequencesIn(replica, channels));
  }

  /**
   * All messages from `from` to `to`, both stored. Sequences have no gaps, so a replica proves by the number of
   * rows that it has caught up; otherwise the source answers.
   */
  async range(channel: { id: ChannelId; shard: number }, from: Seq, to: Seq): Promise<MessageRow[]> {
    if (to < from) return [];
    const expected = Math.min(to - from + 1, LIMITS.fetchMessages);
    return this.shards.shard(channel.shard).read('history', (server) => select(server, channel.id, from, to), {
      isComplete: ({ length }) => length === expected,
    });
  }
}

export const writeKey = (write: WriteKey): string => `${write.channelId}:${write.userId}:${write.once}`;

async function lastSequencesIn(
  database: Pick<Database['source'], 'query'>,
  channels: readonly ChannelId[],
): Promise<Map<ChannelId, Seq>> {
  const found: { channel_id: ChannelId; last: Seq }[] = await database.query(
    'SELECT channel_id, MAX(message_sequence) AS last FROM message WHERE channel_id IN (?) GROUP BY channel_id',
    [channels],
  );
  return new Map(found.map((row) => [row.channel_id, row.last]));
}

async function select(
  database: { query(sql: string, parameters: unknown[]): Promise<Row[]> },
  channelId: ChannelId,
  from: Seq,
  to: Seq,
): Promise<MessageRow[]> {
  const found = await database.query(
    `SELECT channel_id, message_sequence, user_id, content FROM message
     WHERE channel_id = ? AND message_sequence BETWEEN ? AND ? ORDER BY message_sequence LIMIT ${LIMITS.fetchMessages}`,
    [channelId, from, to],
  );
  return found.map((row) => ({ channelId, seq: seq(row.message_sequence), userId: row.user_id, content: row.content }));
}

/** `(?,?),(?,?)`: placeholders for `count` rows. */
function rows(count: number, columns: number): string {
  const row = `(${Array(columns).fill('?').join(',')})`;
  return Array(count).fill(row).join(',');
}
