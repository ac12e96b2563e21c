import { Injectable } from '@nestjs/common';
import { Log } from '@parley/platform';
import { type ActiveSession, SessionSettings, SessionStore } from '@parley/session';
import type { ClientSocket } from '../socket/client-socket.js';

const LOOK_EVERY_MS = 1_000;
/** Frames other than KEEP_ALIVE renew a session no more often than this. */
const RENEW_EVERY_MS = 60_000;
/** KEEP_ALIVE frames that come faster are one. */
const RENEW_AT_MOST_EVERY_MS = 1_000;
/** Of a short-lived session, this part may pass before a frame renews it. */
const RENEW_AFTER_PART = 0.2;

interface WatchedSession {
  readonly active: ActiveSession;
  readonly sockets: Set<ClientSocket>;
  /** When it ends if nobody renews it, and when it was last renewed from here; ms of the monotonic clock. */
  endsAt: number;
  renewedAt: number;
  isAsking: boolean;
}

/** Keeps the sessions of open sockets alive while they are used, and closes the sockets of sessions that are over. */
@Injectable()
export class SessionWatch {
  private readonly sessions = new Map<string, WatchedSession>();
  private readonly ttlMs: number;
  private readonly renewEveryMs: number;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly store: SessionStore,
    settings: SessionSettings,
    private readonly log: Log,
  ) {
    this.ttlMs = settings.ttlSeconds * 1_000;
    this.renewEveryMs = Math.min(RENEW_EVERY_MS, this.ttlMs * RENEW_AFTER_PART);
  }

  start(): void {
    this.timer = setInterval(() => this.look(performance.now()), LOOK_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** A socket was opened on a session that has just been renewed. */
  join(socket: ClientSocket): void {
    const now = performance.now();
    const { hash } = socket.session;
    let session = this.sessions.get(hash);
    if (session === undefined) {
      session = { active: socket.session, sockets: new Set(), endsAt: 0, renewedAt: 0, isAsking: false };
      this.sessions.set(hash, session);
    }
    session.sockets.add(socket);
    session.renewedAt = now;
    session.endsAt = now + this.ttlMs;
  }

  leave(socket: ClientSocket): void {
    const session = this.sessions.get(socket.session.hash);
    session?.sockets.delete(socket);
    if (session?.sockets.size === 0) this.sessions.delete(socket.session.hash);
  }

  /** Any frame is a sign of life; it costs a command to Redis only now and then. */
  touch(socket: ClientSocket, now: number): void {
    const session = this.sessions.get(socket.session.hash);
    if (session !== undefined && now - session.renewedAt >= this.renewEveryMs) this.renewSession(session, now);
  }

  renew(socket: ClientSocket): void {
    const now = performance.now();
    const session = this.sessions.get(socket.session.hash);
    if (session !== undefined && now - session.renewedAt >= RENEW_AT_MOST_EVERY_MS) this.renewSession(session, now);
  }

  /** Logged out, or the account is gone. */
  ended(hash: string): void {
    for (const socket of this.sessions.get(hash)?.sockets ?? []) socket.close('sessionEnded');
  }

  private renewSession(session: WatchedSession, now: number): void {
    session.renewedAt = now;
    this.ask(session, async () => {
      if (!(await this.store.renew(session.active))) return false;
      session.endsAt = now + this.ttlMs;
      return true;
    });
  }

  private look(now: number): void {
    for (const session of this.sessions.values()) {
      if (session.endsAt > now || session.isAsking) continue;
      session.isAsking = true;
      // Somebody else may have renewed it: the same session can be in use on another server.
      this.ask(session, () => this.store.exists(session.active.hash));
    }
  }

  private ask(session: WatchedSession, isAlive: () => Promise<boolean>): void {
    isAlive()
      .then((alive) => {
        if (!alive) this.ended(session.active.hash);
      })
      // A Redis that cannot be asked has not said that the session is over: asked again at the next look.
      .catch((error: unknown) => this.log.debug({ error }, 'cannot look after a session'))
      .finally(() => (session.isAsking = false));
  }
}
