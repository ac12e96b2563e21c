import { Injectable } from '@nestjs/common';
import { messageRelay, type MessageRelay } from '@parley/contracts';
import { Log } from '@parley/platform';
import type { ChannelId, Seq, UserId } from '@parley/protocol';
import { Publisher } from '../produce/publisher.js';
import { ConnectionMetrics } from '../server/connection.metrics.js';
import { ServerIdentity } from '../server/server-identity.js';

export interface LeavingViewer {
  readonly channelId: ChannelId;
  readonly userId: UserId;
  readonly connection: string;
  /** Last sequence that was written to it. */
  readonly seen: Seq;
}

/** What this server itself, not one of its users, tells the owner of a channel. */
@Injectable()
export class RelayNotes {
  constructor(
    private readonly publisher: Publisher,
    private readonly server: ServerIdentity,
    private readonly metrics: ConnectionMetrics,
    private readonly log: Log,
  ) {}

  viewerLeft(viewer: LeavingViewer): void {
    this.send({ kind: 'VIEWER_LEFT', server: this.server.server, ...viewer });
  }

  replay(channelId: ChannelId, after: Seq): void {
    this.metrics.replays.inc();
    this.send({ kind: 'REPLAY', channelId, server: this.server.server, after });
  }

  private send(record: MessageRelay): void {
    const { kind, channelId } = record;
    this.publisher
      .publish(messageRelay, record)
      // Presence says the same a little later, and replays are asked for again.
      .catch((error: unknown) => this.log.warn({ kind, channelId, error }, 'a note to a channel was lost'));
  }
}
