import { isUnavailable } from '@parley/persistence';
import { seq } from '@parley/protocol';
import { Injectable } from '@nestjs/common';
import type { DeliveryBatch } from '../delivery/delivery-batch.js';
import { type LostSocket, type LostViewer, PresenceMap } from '../presence/presence-map.js';
import { type ChannelState, ChannelStates } from './channel-states.js';
import { History } from './history.js';
import { ReadPositions } from './read-positions.js';

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
    await this.pushOrOwe(lost, async () => this.states.get(lost.channelId), out);
  }

  /** Of a channel that is not known here, its owner is told. */
  async pushOrPassOn(lost: LostSocket, out: DeliveryBatch): Promise<void> {
    if (this.states.get(lost.channelId) === undefined) out.viewerLost(lost);
    else await this.push(lost, out);
  }

  owe({ channelId, userId, seen }: LostViewer): void {
    if (this.owed.length < MOST_OWED) this.owed.push({ channelId, userId, seen });
  }

  /** Who is owed something; whoever takes this pushes it. */
  takeOwed(): readonly LostViewer[] {
    const owed = this.owed;
    this.owed = [];
    return owed;
  }

  /** Tries again, whoever owns the channel by now: nobody else knows, and a push that comes twice counts once. */
  async pushOwed(lost: LostViewer, out: DeliveryBatch): Promise<void> {
    await this.pushOrOwe(lost, async () => this.states.get(lost.channelId) ?? this.states.read(lost.channelId), out);
  }

  private async pushOrOwe(
    lost: LostViewer,
    find: () => Promise<ChannelState | undefined>,
    out: DeliveryBatch,
  ): Promise<void> {
    try {
      const channel = await find();
      if (channel !== undefined) await this.pushAfter(lost, channel, out);
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      this.owe(lost);
    }
  }

  private async pushAfter(
    { channelId, userId, seen }: LostViewer,
    channel: ChannelState,
    out: DeliveryBatch,
  ): Promise<void> {
    if (!channel.members.has(userId)) return;
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
