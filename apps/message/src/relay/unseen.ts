import { isUnavailable } from '@parley/persistence';
import { seq } from '@parley/protocol';
import { Injectable } from '@nestjs/common';
import type { DeliveryBatch } from '../delivery/delivery.batch.js';
import { type LostViewer, PresenceMap } from '../presence/presence.map.js';
import { ChannelStates } from './channel.states.js';
import { History } from './history.js';
import { ReadPositions } from './read.positions.js';

/** Viewers whose messages wait for a database; more than this many are not worth the memory. */
const MOST_OWED = 10_000;

/** What was sent to a viewer who can no longer have seen it goes to push instead. */
@Injectable()
export class Unseen {
  private owed: LostViewer[] = [];

  constructor(
    private readonly states: ChannelStates,
    private readonly presence: PresenceMap,
    private readonly history: History,
    private readonly reads: ReadPositions,
  ) {}

  /** Nothing if the user sees the channel on another socket. While a database is away, it is owed. */
  async push(lost: LostViewer, out: DeliveryBatch): Promise<void> {
    try {
      await this.pushAfter(lost, out);
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      this.owe(lost);
    }
  }

  owe({ channelId, userId, seen }: LostViewer): void {
    if (this.owed.length < MOST_OWED) this.owed.push({ channelId, userId, seen });
  }

  /** Tries again, as far as the channels are known by now. */
  async pushOwed(out: DeliveryBatch): Promise<void> {
    const owed = this.owed;
    this.owed = [];
    for (const lost of owed) {
      if (this.states.get(lost.channelId) === undefined) this.owe(lost);
      else await this.push(lost, out);
    }
  }

  /** Others own the channels from now on. */
  clear(): void {
    this.owed = [];
  }

  private async pushAfter({ channelId, userId, seen }: LostViewer, out: DeliveryBatch): Promise<void> {
    const channel = this.states.get(channelId);
    if (channel === undefined || !channel.members.has(userId)) return;
    if (this.presence.viewers(channelId).users.has(userId)) return;
    if (seen >= channel.lastSeq) return;
    // Who was lost without a word may have read more than is known to have arrived.
    let after = seq(Math.max(seen, await this.reads.of(userId, channelId)));
    while (after < channel.lastSeq) {
      const page = await this.history.after(channel, after);
      for (const { message, authorId } of page) if (authorId !== userId) out.pushMessage(message, '', [userId]);
      const last = page.at(-1);
      if (last === undefined) return;
      after = last.message.messageSeqId;
    }
  }
}
