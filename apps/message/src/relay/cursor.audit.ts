import type { Seq } from '@parley/protocol';
import { PRESENCE } from '@parley/contracts';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Deliveries } from '../delivery/deliveries.js';
import { type LostViewer, PresenceMap } from '../presence/presence.map.js';
import { PresenceWatch } from '../presence/presence.watch.js';
import { ChannelCommands } from './channel.commands.js';
import { ChannelStates } from './channel.states.js';
import { Unseen } from './unseen.js';
import { EventLog } from '../events.js';

/**
 * Finds notifications that were lost on the way, without waiting for the next message to show the gap: a connection
 * server that reports the same old sequence twice is sent what it misses, and what a dead server's viewers cannot
 * have seen goes to push. Acts only on channels that this instance owns (it has their state).
 */
@Injectable()
export class CursorAudit implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private behind = new Map<string, Seq>();

  constructor(
    private readonly presence: PresenceMap,
    private readonly watch: PresenceWatch,
    private readonly states: ChannelStates,
    private readonly commands: ChannelCommands,
    private readonly unseen: Unseen,
    private readonly deliveries: Deliveries,
    private readonly events: EventLog,
  ) {}

  /** Before the first batch: presence is known when the consumers start. */
  async onApplicationBootstrap(): Promise<void> {
    await this.watch.start(
      (lost) => void this.pushUnseen(lost).catch((error: unknown) => this.events.auditFailed(error)),
    );
    this.timer = setInterval(
      () => void this.repair().catch((error: unknown) => this.events.auditFailed(error)),
      PRESENCE.snapshotMs,
    );
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async repair(): Promise<void> {
    const out = this.deliveries.batch();
    const behind = new Map<string, Seq>();
    for (const { server, channelId, seq } of this.presence.cursors()) {
      const channel = this.states.get(channelId);
      if (channel === undefined || channel.lastSeq <= seq) continue;
      const key = `${server}:${channelId}`;
      behind.set(key, seq);
      // Once may be a message on its way; twice the same is a loss.
      if (this.behind.get(key) === seq)
        await this.commands.replay({ kind: 'REPLAY', channelId, server, after: seq }, out);
    }
    this.behind = behind;
    await this.unseen.pushOwed(out);
    await this.deliveries.send(out);
  }

  private async pushUnseen(lost: readonly LostViewer[]): Promise<void> {
    const out = this.deliveries.batch();
    for (const viewer of lost) await this.unseen.push(viewer, out);
    await this.deliveries.send(out);
  }
}
