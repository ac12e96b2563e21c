import { randomBytes } from 'node:crypto';
import { isConflict, MessageShards, type Transaction, UserDatabase } from '@parley/persistence';
import { channelId, type ChannelId, seq, type Seq, type UserId } from '@parley/protocol';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { CommandLog } from '../request/command-log.js';

export interface ChannelRow {
  readonly title: string;
  readonly inviteCode: string;
  readonly shardId: number;
  readonly headCount: number;
  readonly members: Set<UserId>;
}

export interface ReadPosition {
  readonly userId: UserId;
  readonly channelId: ChannelId;
  readonly seq: Seq;
}

/** A channel whose row is locked. */
export interface LockedChannel {
  readonly id: ChannelId;
  readonly title: string;
  readonly headCount: number;
  readonly isMember: boolean;
}

export interface ListedChannel {
  readonly channelId: ChannelId;
  readonly title: string;
  readonly headCount: number;
}

const INVITE_CODE = /^[0-9a-f]{32}$/;
const INVITE_CODE_BYTES = 16;

/** Read positions in one statement. */
const POSITIONS = 500;

/** The newest channels of a user that fit into one answer: others may put a user into any number of them. */
const LISTED = 2_000;

const QuitOutcome = z.enum(['quit', 'not-joined']);
export type QuitOutcome = z.infer<typeof QuitOutcome>;

/** Channels and memberships. What decides something reads the source, never a replica or a cache: counts and members are true. */
@Injectable()
export class ChannelRepository {
  constructor(
    private readonly users: UserDatabase,
    private readonly shards: MessageShards,
    private readonly log: CommandLog,
  ) {}

  /** Channels that do not exist are absent. */
  async load(ids: readonly ChannelId[]): Promise<Map<ChannelId, ChannelRow>> {
    if (ids.length === 0) return new Map();
    const [channels, members] = await Promise.all([
      this.users.source.query<ChannelColumns[]>(
        'SELECT channel_id, title, invite_code, shard_id, head_count FROM channel WHERE channel_id IN (?)',
        [ids],
      ),
      this.users.source.query<{ channel_id: ChannelId; user_id: UserId }[]>(
        'SELECT channel_id, user_id FROM user_channel WHERE channel_id IN (?)',
        [ids],
      ),
    ]);
    const membersOf = Map.groupBy(members, (row) => row.channel_id);
    return new Map(
      channels.map((row) => [
        row.channel_id,
        {
          title: row.title,
          inviteCode: row.invite_code,
          shardId: row.shard_id,
          headCount: row.head_count,
          members: new Set(membersOf.get(row.channel_id)?.map((member) => member.user_id)),
        },
      ]),
    );
  }

  /** Which of these users belong to the channel now. */
  async membersAmong(channelId: ChannelId, userIds: readonly UserId[]): Promise<Set<UserId>> {
    if (userIds.length === 0) return new Set();
    const rows: { user_id: UserId }[] = await this.users.source.query(
      'SELECT user_id FROM user_channel WHERE channel_id = ? AND user_id IN (?)',
      [channelId, userIds],
    );
    return new Set(rows.map((row) => row.user_id));
  }

  /** Oldest first. May be slightly old while the source is away. */
  async list(userId: UserId): Promise<ListedChannel[]> {
    const newestFirst = await this.users.read(
      'channels',
      (server) =>
        server.query<ListedChannel[]>(
          `SELECT c.channel_id AS channelId, c.title, c.head_count AS headCount
           FROM user_channel m JOIN channel c ON c.channel_id = m.channel_id
           WHERE m.user_id = ? ORDER BY c.channel_id DESC LIMIT ${LISTED}`,
          [userId],
        ),
      { mayBeOld: true },
    );
    return newestFirst.reverse();
  }

  /** 0 if nothing was read, or for someone who is not a member. */
  async lastRead(userId: UserId, channelId: ChannelId): Promise<Seq> {
    const [row]: { last_read_msg_seq: Seq }[] = await this.users.source.query(
      'SELECT last_read_msg_seq FROM user_channel WHERE user_id = ? AND channel_id = ?',
      [userId, channelId],
    );
    return row?.last_read_msg_seq ?? seq(0);
  }

  /** Moves positions forward, never back, and only those of members: who has quit meanwhile stays out. */
  async advanceReads(positions: readonly ReadPosition[]): Promise<void> {
    const furthest = new Map<string, ReadPosition>();
    for (const position of positions) {
      const key = `${position.userId}:${position.channelId}`;
      if ((furthest.get(key)?.seq ?? -1) < position.seq) furthest.set(key, position);
    }
    // In the order of the primary key, so that two of these statements wait for each other rather than deadlock.
    const rows = [...furthest.values()].sort((a, b) => a.userId - b.userId || a.channelId - b.channelId);
    for (let start = 0; start < rows.length; start += POSITIONS) {
      await this.advance(rows.slice(start, start + POSITIONS));
    }
  }

  /** Ends a membership, once per request. */
  quit(request: string, userId: UserId, channelId: ChannelId): Promise<QuitOutcome> {
    return this.log.once(request, QuitOutcome, async (tx) => {
      await tx.query('SELECT channel_id FROM channel WHERE channel_id = ? FOR UPDATE', [channelId]);
      const { affectedRows }: { affectedRows: number } = await tx.query(
        'DELETE FROM user_channel WHERE user_id = ? AND channel_id = ?',
        [userId, channelId],
      );
      if (affectedRows === 0) return 'not-joined';
      await tx.query('UPDATE channel SET head_count = head_count - 1 WHERE channel_id = ? AND head_count > 0', [
        channelId,
      ]);
      return 'quit';
    });
  }

  /** The channel of an invite code, locked: its head count holds until the transaction ends. */
  async lockByInviteCode(tx: Transaction, inviteCode: string, userId: UserId): Promise<LockedChannel | undefined> {
    if (!INVITE_CODE.test(inviteCode)) return undefined;
    const [row]: Pick<ChannelColumns, 'channel_id' | 'title' | 'head_count'>[] = await tx.query(
      'SELECT channel_id, title, head_count FROM channel WHERE invite_code = ? FOR UPDATE',
      [inviteCode],
    );
    if (row === undefined) return undefined;
    const memberships: unknown[] = await tx.query('SELECT 1 FROM user_channel WHERE user_id = ? AND channel_id = ?', [
      userId,
      row.channel_id,
    ]);
    return { id: row.channel_id, title: row.title, headCount: row.head_count, isMember: memberships.length > 0 };
  }

  /** The caller holds the lock of the channel and knows that none of them is a member. */
  async addMembers(tx: Transaction, channelId: ChannelId, userIds: readonly UserId[]): Promise<void> {
    await tx.query('INSERT INTO user_channel (user_id, channel_id) VALUES ?', [
      userIds.map((userId) => [userId, channelId]),
    ]);
    await tx.query('UPDATE channel SET head_count = head_count + ? WHERE channel_id = ?', [userIds.length, channelId]);
  }

  /** A channel with these members, on the shard that its id asks for. */
  async create(tx: Transaction, title: string, members: readonly UserId[]): Promise<ChannelId> {
    const inviteCode = randomBytes(INVITE_CODE_BYTES).toString('hex');
    const { insertId }: { insertId: number } = await tx.query(
      'INSERT INTO channel (title, invite_code, head_count, shard_id) VALUES (?, ?, 0, 0)',
      [title, inviteCode],
    );
    const id = channelId(insertId);
    await tx.query('UPDATE channel SET shard_id = ? WHERE channel_id = ?', [this.shards.shardFor(id), id]);
    await this.addMembers(tx, id, members);
    return id;
  }

  private async advance(rows: readonly ReadPosition[]): Promise<void> {
    const positions = rows
      .map((_, index) => (index === 0 ? 'SELECT ? AS user_id, ? AS channel_id, ? AS seq' : 'SELECT ?, ?, ?'))
      .join(' UNION ALL ');
    const statement = `UPDATE (${positions}) p JOIN user_channel m ON m.user_id = p.user_id AND m.channel_id = p.channel_id
      SET m.last_read_msg_seq = p.seq WHERE m.last_read_msg_seq < p.seq`;
    const parameters = rows.flatMap((row) => [row.userId, row.channelId, row.seq]);
    for (;;) {
      try {
        await this.users.source.query(statement, parameters);
        return;
      } catch (error) {
        if (!isConflict(error)) throw error;
      }
    }
  }
}

interface ChannelColumns {
  readonly channel_id: ChannelId;
  readonly title: string;
  readonly invite_code: string;
  readonly shard_id: number;
  readonly head_count: number;
}
