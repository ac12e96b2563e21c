import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { Log } from '@parley/platform';
import { err, NOTICES, ok, PATHS, type Result } from '@parley/protocol';
import { type ActiveSession, AllowedOrigins, SessionStore } from '@parley/session';
import { ConnectionSettings } from '../config.js';
import { OpenSockets } from '../socket/open-sockets.js';

/** HTTP status of a refused upgrade. */
export type Refusal = 401 | 403 | 404 | 503;

/** Anything but the value that says so is no wish: a client that means something else by it must not be surprised. */
export const asksForNotices = (url = ''): boolean =>
  new URLSearchParams(url.split('?', 2)[1]).get(NOTICES.parameter) === NOTICES.wanted;

/** Decides who may open a socket. */
@Injectable()
export class Handshake {
  private readonly origins: AllowedOrigins;
  private isOpen = false;

  constructor(
    private readonly settings: ConnectionSettings,
    private readonly sessions: SessionStore,
    private readonly sockets: OpenSockets,
    private readonly log: Log,
  ) {
    this.origins = new AllowedOrigins(settings.allowedOrigins);
  }

  /** Until this is called, and after `shutDoor`, clients are sent elsewhere. */
  openDoor(): void {
    this.isOpen = true;
  }

  shutDoor(): void {
    this.isOpen = false;
  }

  /** The session on which the socket may be opened; it has its full time again. */
  async check(request: IncomingMessage): Promise<Result<ActiveSession, Refusal>> {
    const { url = '', headers } = request;
    if (url.split('?', 1)[0] !== PATHS.webSocket) return err(404);
    if (!this.hasRoom()) return err(503);
    if (!this.origins.allows(headers)) return err(403);
    try {
      const session = await this.sessions.ofRequest(request);
      if (session === undefined) return err(401);
      // It may have become late or crowded while Redis was asked.
      return this.hasRoom() ? ok(session) : err(503);
    } catch (error) {
      this.log.debug({ error }, 'a session could not be looked up');
      return err(503);
    }
  }

  private hasRoom(): boolean {
    return this.isOpen && this.sockets.size < this.settings.maxSockets;
  }
}
