import { LIMITS, seq, type Seq, type StoredMessage, type UserId } from '@parley/protocol';
import { Injectable } from '@nestjs/common';
import { UserDirectory } from '../user/user-directory.js';
import type { ChannelState } from './channel-states.js';
import { MessageStore } from './message-store.js';

const UNKNOWN_AUTHOR = 'unknown';

/** Stored messages as clients see them: with the names of their authors. */
@Injectable()
export class History {
  constructor(
    private readonly messages: MessageStore,
    private readonly users: UserDirectory,
  ) {}

  /** The newest page of an inclusive range, oldest first. Empty when the range is inverted or nothing is stored there. */
  async fetch(channel: ChannelState, start: Seq, end: Seq): Promise<StoredMessage[]> {
    const to = Math.min(end, channel.lastSeq);
    const from = Math.max(start, 1, to - LIMITS.fetchMessages + 1);
    return (await this.read(channel, seq(from), seq(to))).map(({ message }) => message);
  }

  /** The first page after a sequence, oldest first. */
  async after(channel: ChannelState, after: Seq): Promise<{ message: StoredMessage; authorId: UserId }[]> {
    return this.read(channel, seq(after + 1), seq(Math.min(after + LIMITS.fetchMessages, channel.lastSeq)));
  }

  private async read(
    channel: ChannelState,
    from: Seq,
    to: Seq,
  ): Promise<{ message: StoredMessage; authorId: UserId }[]> {
    const rows = await this.messages.range({ id: channel.id, shard: channel.shard }, from, to);
    if (rows.length === 0) return [];
    const names = await this.users.names([...new Set(rows.map((row) => row.userId))]);
    return rows.map((row) => ({
      authorId: row.userId,
      message: {
        channelId: row.channelId,
        messageSeqId: row.seq,
        username: names.get(row.userId) ?? UNKNOWN_AUTHOR,
        content: row.content,
      },
    }));
  }
}
