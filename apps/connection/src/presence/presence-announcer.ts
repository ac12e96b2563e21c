import { Inject, Injectable } from '@nestjs/common';
import {
  connectionPresence,
  type ConnectionPresence,
  PRESENCE,
  PRESENCE_ENTRIES,
  type PresentConnection,
} from '@parley/contracts';
import { Log } from '@parley/platform';
import type { ChannelId, Seq } from '@parley/protocol';
import { Publisher } from '../produce/publisher.js';
import { ServerIdentity } from '../server/server-identity.js';
import type { ClientSocket } from '../socket/client-socket.js';
import { OpenSockets } from '../socket/open-sockets.js';

/** What is told of a socket. */
type Presentable = Pick<ClientSocket, 'id' | 'userId' | 'shown'>;

const present = ({ id, userId, shown }: Presentable): PresentConnection => ({
  connection: id,
  userId,
  ...(shown.channelId !== undefined && { channelId: shown.channelId }),
});

const changed = (socket: Presentable): PresentConnection => {
  const { after: since } = socket.shown;
  return since === undefined ? present(socket) : { ...present(socket), since };
};

/** Tells all message services who is connected here and which channel each socket shows. */
@Injectable()
export class PresenceAnnouncer {
  /** Where each shown channel stands; set by the part that delivers. */
  cursors: () => Iterable<[ChannelId, Seq]> = () => [];

  private readonly changed = new Map<string, Presentable>();
  private readonly closed = new Set<string>();
  private sentAt = Number.NEGATIVE_INFINITY;
  private snapshotAt = Number.NEGATIVE_INFINITY;
  /** How many have begun. */
  private snapshots = 0;
  private isWanted = false;
  private isTelling = false;
  private pending: NodeJS.Timeout | undefined;
  private pacemaker: NodeJS.Timeout | undefined;

  constructor(
    @Inject(OpenSockets) private readonly sockets: { all(): Iterator<Presentable> },
    private readonly publisher: Publisher,
    private readonly server: ServerIdentity,
    private readonly log: Log,
  ) {}

  start(): void {
    this.pacemaker = setInterval(() => this.beat(performance.now()), PRESENCE.lifeSignMs);
    this.snapshot();
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
  opened(socket: Presentable): void {
    this.changed.set(socket.id, socket);
    if (this.pacemaker !== undefined) this.delta();
  }

  /** The socket shows another channel, or none. */
  showing(socket: Presentable): void {
    if (this.closed.has(socket.id)) return;
    this.changed.set(socket.id, socket);
    this.announceSoon();
  }

  left(socket: Presentable): void {
    this.changed.delete(socket.id);
    this.closed.add(socket.id);
    this.announceSoon();
  }

  /** One that is on its way is finished first and followed by another: whoever asked may have missed its beginning. */
  snapshot(): void {
    this.isWanted = true;
    if (!this.isTelling) void this.tellAll();
  }

  private async tellAll(): Promise<void> {
    this.isTelling = true;
    while (this.isWanted) {
      this.isWanted = false;
      await this.tellParts();
    }
    this.isTelling = false;
  }

  /** Each part once the one before is stored. What changes meanwhile is announced in between. */
  private async tellParts(): Promise<void> {
    if (this.pending !== undefined) this.delta();
    const { server, boot } = this.server;
    const snapshot = (this.snapshots += 1);
    this.snapshotAt = performance.now();
    const [sockets, allCursors] = [this.sockets.all(), this.cursors()[Symbol.iterator]()];
    for (let index = 0, last = false; !last && this.pacemaker !== undefined; index++) {
      const connections = take(sockets, PRESENCE_ENTRIES).map(present);
      const cursors = take(allCursors, PRESENCE_ENTRIES);
      last = connections.length < PRESENCE_ENTRIES && cursors.length < PRESENCE_ENTRIES;
      this.sentAt = performance.now();
      const part = { snapshot, index, last };
      if (!(await this.send({ kind: 'SNAPSHOT', server, boot, part, connections, cursors }))) return;
    }
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
    const news = Array.from(this.changed.values(), changed);
    const closed = [...this.closed];
    this.forgetChanges();
    this.sentAt = performance.now();
    const { server, boot } = this.server;
    let from = 0;
    do {
      const to = from + PRESENCE_ENTRIES;
      void this.send({ kind: 'DELTA', server, boot, changed: news.slice(from, to), closed: closed.slice(from, to) });
      from = to;
    } while (from < news.length || from < closed.length);
  }

  private forgetChanges(): void {
    clearTimeout(this.pending);
    this.pending = undefined;
    this.changed.clear();
    this.closed.clear();
  }

  /** False if it could not be stored. */
  private async send(record: ConnectionPresence): Promise<boolean> {
    try {
      await this.publisher.publish(connectionPresence, record);
      return true;
    } catch (error) {
      this.log.warn({ kind: record.kind, error }, 'presence could not be announced, a snapshot follows');
      this.snapshotAt = Number.NEGATIVE_INFINITY;
      return false;
    }
  }
}

/** The next `count` items, or as many as there are. */
function take<T>(items: Iterator<T>, count: number): T[] {
  const taken: T[] = [];
  while (taken.length < count) {
    const next = items.next();
    if (next.done === true) break;
    taken.push(next.value);
  }
  return taken;
}
