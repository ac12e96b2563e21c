import type { ChannelId, Seq } from '@parley/protocol';
import { PRESENCE } from '@parley/contracts';
import { unlessUnavailable } from '@parley/persistence';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { ChannelRepository } from '../channel/channel.repository.js';
import { Deliveries } from '../delivery/deliveries.js';
import type { DeliveryBatch } from '../delivery/delivery-batch.js';
import { type LostViewer, PresenceMap } from '../presence/presence-map.js';
import { PresenceWatch } from '../presence/presence-watch.js';
import { ChannelCommands } from './channel.commands.js';
import { type ChannelState, ChannelStates } from './channel-states.js';
import { EarlyViewers } from './early-viewers.js';
import { Unseen } from './unseen.js';
import { EventLog } from '../events.js';

const CHANNELS_AT_ONCE = 50;

/**
 * Finds notifications that were lost on the way, without waiting for the next message to show the gap: a connection
 * server that reports the same old sequence twice is sent what it misses, one that shows a channel to who is no member any
 * more is told so, and what a dead server's viewers or those of before cannot have seen goes to push. Acts on channels that this
 * instance owns (it has their state), and passes on what is another's.
 */
@Injectable()
export class CursorAudit implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private behind = new Map<string, Seq>();
  private isRepairing = false;

  constructor(
    private readonly presence: PresenceMap,
    private readonly watch: PresenceWatch,
    private readonly states: ChannelStates,
    private readonly channels: ChannelRepository,
    private readonly commands: ChannelCommands,
    private readonly unseen: Unseen,
    private readonly early: EarlyViewers,
    private readonly deliveries: Deliveries,
    private readonly events: EventLog,
  ) {}

  /** Before the first batch: presence is known when the consumers start. */
  async onApplicationBootstrap(): Promise<void> {
    await this.watch.start((lost) => {
      this.events.viewersLost(lost.length);
      void this.pushUnseen(lost, (socket, out) => this.unseen.pushOrPassOn(socket, out));
    });
    this.timer = setInterval(
      () => void this.audit().catch((error: unknown) => this.events.auditFailed(error)),
      PRESENCE.snapshotMs,
    );
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** One that takes longer than the time between two is not overtaken by the next. */
  private async audit(): Promise<void> {
    if (this.isRepairing) return;
    this.isRepairing = true;
    try {
      await this.repair();
    } finally {
      this.isRepairing = false;
    }
  }

  private async repair(): Promise<void> {
    const lagging: { server: string; channelId: ChannelId; seq: Seq }[] = [];
    const behind = new Map<string, Seq>();
    const shown = new Set<ChannelState>();
    for (const cursor of this.presence.cursors()) {
      const { server, channelId, seq } = cursor;
      const channel = this.states.get(channelId);
      if (channel === undefined) continue;
      shown.add(channel);
      if (channel.lastSeq <= seq) continue;
      const key = `${server}:${channelId}`;
      behind.set(key, seq);
      // Once may be a message on its way; twice the same is a loss.
      if (this.behind.get(key) === seq) lagging.push(cursor);
    }
    this.behind = behind;
    for (const some of portions(lagging)) {
      const out = this.deliveries.batch();
      for (const { server, channelId, seq } of some) {
        await this.commands.replay({ kind: 'REPLAY', channelId, server, after: seq }, out);
      }
      await this.deliveries.send(out);
    }
    for (const channel of shown) await this.sendAwayStrangers(channel);
    await this.oweEarly();
    await this.pushUnseen(this.unseen.takeOwed(), (viewer, each) => this.unseen.pushOwed(viewer, each));
  }

  private async oweEarly(): Promise<void> {
    const asked = performance.now();
    if (!this.early.isDue(asked) || !(await this.watch.hasHeardAll())) return;
    for (const viewer of this.early.settle(asked)) this.unseen.owe(viewer);
  }

  /**
   * A connection server that was not known when somebody quit was not told of it then. The database is asked first: our
   * members are those of before if another instance has come to own the channel. Told at once, as they may join again.
   */
  private async sendAwayStrangers({ id, members, membersInDoubt }: ChannelState): Promise<void> {
    if (membersInDoubt) return;
    const strangers = [...this.presence.viewers(id).users.keys()].filter((userId) => !members.has(userId));
    if (strangers.length === 0) return;
    const stored = await unlessUnavailable(this.channels.membersAmong(id, strangers));
    if (stored === undefined) return;
    const out = this.deliveries.batch();
    for (const userId of strangers) if (!stored.has(userId)) out.memberGone(id, userId);
    await this.deliveries.send(out);
  }

  /**
   * Whoever saw the same channel is dealt with together, so that a message becomes one push. What is told of some channels is
   * on its way before the next ones are looked up, and need not fit into memory at once; what cannot be sent is owed.
   */
  private async pushUnseen<V extends LostViewer>(
    lost: readonly V[],
    push: (viewer: V, out: DeliveryBatch) => Promise<void>,
  ): Promise<void> {
    const byChannel = Map.groupBy(lost, ({ channelId }) => channelId);
    for (const some of portions([...byChannel.values()])) {
      const viewers = some.flat();
      const out = this.deliveries.batch();
      for (const viewer of viewers) {
        await push(viewer, out).catch((error: unknown) => this.events.auditFailed(error));
      }
      await this.deliveries.send(out).catch((error: unknown) => {
        this.events.auditFailed(error);
        for (const viewer of viewers) this.unseen.owe(viewer);
      });
    }
  }
}

function* portions<T>(channels: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < channels.length; at += CHANNELS_AT_ONCE) yield channels.slice(at, at + CHANNELS_AT_ONCE);
}
