import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { LIMITS } from '@parley/protocol';
import { WebSocketServer } from 'ws';
import type { ConnectionSettings } from '../config.js';
import type { ConnectionMetrics } from '../server/connection.metrics.js';
import type { ServerIdentity } from '../server/server-identity.js';
import { ClientSocket } from '../socket/client-socket.js';
import { FlushQueue } from '../socket/flush-queue.js';
import { asksForNotices, type Handshake, type Refusal } from './handshake.js';

/** UTF-8 needs at most this many bytes per UTF-16 code unit; exact lengths are checked on the text. */
const BYTES_PER_CHARACTER = 4;

export interface SocketServerParts {
  readonly http: Server;
  readonly handshake: Handshake;
  readonly identity: ServerIdentity;
  readonly metrics: ConnectionMetrics;
  readonly settings: ConnectionSettings;
}

/** Turns upgrade requests of an HTTP server into open sockets of logged-in users, or refuses them. */
export class SocketServer {
  private readonly ws = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // Frames are prepared once for all their receivers, which an agreed compression would not allow.
    perMessageDeflate: false,
    maxPayload: LIMITS.frameCharacters * BYTES_PER_CHARACTER,
  });
  private readonly flushes: FlushQueue;
  private onOpen: (socket: ClientSocket) => void = () => undefined;

  constructor(private readonly parts: SocketServerParts) {
    const { http, metrics } = parts;
    this.flushes = new FlushQueue((bytes) => metrics.bytesOut.inc(bytes));
    http.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
      void this.upgrade(request, stream, head);
    });
  }

  whenOpened(callback: (socket: ClientSocket) => void): void {
    this.onOpen = callback;
  }

  private async upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): Promise<void> {
    // A peer that goes away while its session is looked up must not end the process.
    const ignore = (): void => undefined;
    stream.on('error', ignore);
    const session = await this.parts.handshake.check(request);
    if (!session.ok) {
      this.parts.metrics.refusedUpgrades.inc({ status: session.error });
      refuse(stream, session.error);
      return;
    }
    if (stream.destroyed) return;
    this.ws.handleUpgrade(request, stream, head, (ws) => {
      stream.off('error', ignore);
      const id = this.parts.identity.nextConnection();
      const limits = this.parts.settings.socket;
      const wantsNotices = asksForNotices(request.url);
      this.onOpen(
        new ClientSocket({ id, session: session.value, wantsNotices, ws, stream, limits, flushes: this.flushes }),
      );
    });
  }
}

function refuse(stream: Duplex, status: Refusal): void {
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, 'Connection: close', 'Content-Length: 0'];
  stream.end(`${head.join('\r\n')}\r\n\r\n`, () => stream.destroy());
}
