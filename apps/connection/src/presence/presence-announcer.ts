import { Injectable } from '@nestjs/common';
import { connectionPresence, type ConnectionPresence, PRESENCE, type PresentConnection } from '@parley/contracts';
import { Log } from '@parley/platform';
import type { ChannelId, Seq } from '@parley/protocol';
import { Publisher } from '../produce/publisher.js';
import { ServerIdentity } from '../server/server-identity.js';
import type { ClientSocket } from '../socket/client-socket.js';
import { OpenSockets } from '../socket/open-sockets.js';

const present = ({ id, userId, shown }: ClientSocket): PresentConnection => ({
  connection: id,
  userId,
  ...(shown.channelId !== undefined && { channelId: shown.channelId }),
});

/** Tells all message services who is connected here and which channel each socket shows. */
@Injectable()
export class PresenceAnnouncer {
  /** Where each shown channel stands; set by the part that delivers. */
  cursors: () => Iterable<[ChannelId, Seq]> = () => [];

  private readonly changed = new Map<string, ClientSocket>();
  private readonly closed = new Set<string>();
  private sentAt = Number.NEGATIVE_INFINITY;
  private snapshotAt = Number.NEGATIVE_INFINITY;
  private pending: NodeJS.Timeout | undefined;
  private pacemaker: NodeJS.Timeout | undefined;

  constructor(
    private readonly sockets: OpenSockets,
    private readonly publisher: Publisher,
    private readonly server: ServerIdentity,
    private readonly log: Log,
  ) {}

  start(): void {
    this.snapshot();
    this.pacemaker = setInterval(() => this.beat(performance.now()), PRESENCE.lifeSignMs);
  }

  /** Nobody is connected here any more, and this was the last word. */
  async stop(): Promise<void> {
    clearInterval(this.pacemaker);
    clearTimeout(this.pending);
    this.pacemaker = undefined;
    const { server, boot } = this.server;
    await this.send({ kind: 'GONE', server, boot });
  }

  /** The socket is new here. Said at once: it is in Kafka before the socket's first frame, so its user counts as here. */
  opened(socket: ClientSocket): void {
    this.changed.set(socket.id, socket);
    if (this.pacemaker !== undefined) this.delta();
  }

  /** The socket shows another channel, or none. */
  showing(socket: ClientSocket): void {
    if (this.closed.has(socket.id)) return;
    this.changed.set(socket.id, socket);
    this.announceSoon();
  }

  left(socket: ClientSocket): void {
    this.changed.delete(socket.id);
    this.closed.add(socket.id);
    this.announceSoon();
  }

  snapshot(): void {
    this.forgetChanges();
    this.snapshotAt = this.sentAt = performance.now();
    const { server, boot } = this.server;
    const connections = Array.from(this.sockets.all(), present);
    void this.send({ kind: 'SNAPSHOT', server, boot, connections, cursors: [...this.cursors()] });
  }

  /** At once after a pause, else together with what else changes in this interval. */
  private announceSoon(): void {
    if (this.pending !== undefined || this.pacemaker === undefined) return;
    const wait = this.sentAt + PRESENCE.deltaMs - performance.now();
    if (wait <= 0) this.delta();
    else this.pending = setTimeout(() => this.delta(), wait);
  }

  private beat(now: number): void {
    if (now - this.snapshotAt >= PRESENCE.snapshotMs - PRESENCE.lifeSignMs / 2) this.snapshot();
    else this.delta();
  }

  private delta(): void {
    const changed = Array.from(this.changed.values(), present);
    const closed = [...this.closed];
    this.forgetChanges();
    this.sentAt = performance.now();
    const { server, boot } = this.server;
    void this.send({ kind: 'DELTA', server, boot, changed, closed });
  }

  private forgetChanges(): void {
    clearTimeout(this.pending);
    this.pending = undefined;
    this.changed.clear();
    this.closed.clear();
  }

  private async send(record: ConnectionPresence): Promise<void> {
    try {
      await this.publisher.publish(connectionPresence, record);
    } catch (error) {
      this.log.warn({ kind: record.kind, error }, 'presence could not be announced, a snapshot follows');
      this.snapshotAt = Number.NEGATIVE_INFINITY;
    }
  }
}
