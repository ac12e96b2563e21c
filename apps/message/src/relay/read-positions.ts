import type { ChannelId, Seq, UserId } from '@parley/protocol';
import { Injectable } from '@nestjs/common';
import { ChannelRepository } from '../channel/channel.repository.js';

interface Position {
  readonly channelId: ChannelId;
  readonly userId: UserId;
  readonly seq: Seq;
}

const keyOf = (userId: UserId, channelId: ChannelId): string => `${userId}:${channelId}`;

/** How far people have read. Positions only go forward; they are stored together, before the offsets that brought them. */
@Injectable()
export class ReadPositions {
  private pending = new Map<string, Position>();
  private storing: Promise<void> = Promise.resolve();

  constructor(private readonly channels: ChannelRepository) {}

  advance(position: Position): void {
    const key = keyOf(position.userId, position.channelId);
    const known = this.pending.get(key);
    if (known === undefined || known.seq < position.seq) this.pending.set(key, position);
  }

  /** The stored or still pending position of a member, whichever is further. */
  async of(userId: UserId, channelId: ChannelId): Promise<Seq> {
    await this.storing;
    const pending = this.pending.get(keyOf(userId, channelId));
    const stored = await this.channels.lastRead(userId, channelId);
    return pending !== undefined && pending.seq > stored ? pending.seq : stored;
  }

  /** Stores everything pending. On failure all of it stays pending. */
  store(): Promise<void> {
    const run = this.storing.then(() => this.storePending());
    this.storing = run.catch(() => undefined);
    return run;
  }

  private async storePending(): Promise<void> {
    if (this.pending.size === 0) return;
    const taken = this.pending;
    this.pending = new Map();
    try {
      await this.channels.advanceReads([...taken.values()]);
    } catch (error) {
      for (const position of taken.values()) this.advance(position);
      throw error;
    }
  }
}
