import { Injectable } from '@nestjs/common';
import { messageRelay } from '@parley/contracts';
import { Log } from '@parley/platform';
import type { ChannelId, Seq } from '@parley/protocol';
import { ConnectionSettings } from '../config.js';
import { Publisher } from '../produce/publisher.js';
import { ServerIdentity } from '../server/server-identity.js';
import type { ClientSocket } from '../socket/client-socket.js';
import { ReadPositions, type ReadsOfChannel } from './read-positions.js';

/** Passes on how far sockets have read, gathered: one record per channel, whatever the number of readers. */
@Injectable()
export class ReadReporter {
  private readonly positions = new ReadPositions();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly publisher: Publisher,
    private readonly server: ServerIdentity,
    private readonly settings: ConnectionSettings,
    private readonly log: Log,
  ) {}

  start(): void {
    this.timer = setInterval(() => this.report(), this.settings.readFlushMs);
  }

  stop(): void {
    clearInterval(this.timer);
    this.report();
  }

  note(socket: ClientSocket, channelId: ChannelId, seq: Seq): void {
    this.positions.note(socket, channelId, seq);
  }

  /** What was noted leaves now: for one socket ahead of a command that depends on it, or for all. */
  report(socket?: ClientSocket): void {
    for (const reads of this.positions.take(socket)) this.send(reads);
  }

  private send(reads: ReadsOfChannel): void {
    const { server } = this.server;
    this.publisher.publish(messageRelay, { kind: 'READS', server, ...reads }).catch((error: unknown) => {
      this.log.debug({ channelId: reads.channelId, error }, 'read positions will be passed on later');
      this.positions.putBack(reads);
    });
  }
}
