import { Injectable } from '@nestjs/common';
import { Log } from '@parley/platform';
import { type ActiveSession, SessionSettings, SessionStore } from '@parley/session';
import type { ClientSocket } from '../socket/client-socket.js';

const LOOK_EVERY_MS = 1_000;
/** Frames other than KEEP_ALIVE renew a session no more often than this. */
const RENEW_EVERY_MS = 60_000;
/** Of a short-lived session, this part may pass before a frame renews it. */
const RENEW_AFTER_PART = 0.2;
/** The word of a logout may be lost on its way: so long may a socket go on in spite of it. */
const CONFIRM_EVERY_MS = 60_000;

interface WatchedSession {
  readonly active: ActiveSession;
  readonly sockets: Set<ClientSocket>;
  /** When it ends if nobody renews it, and when it was last renewed from here; ms of the monotonic clock. */
  endsAt: number;
  renewedAt: number;
  /** When Redis was last asked and had it. */
  confirmedAt: number;
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

  /**
   * A socket was opened on a session that has just been renewed. It may have ended since, and the word of that may have
   * passed before there was a socket to close.
   */
  join(socket: ClientSocket): void {
    const now = performance.now();
    const { hash } = socket.session;
    let session = this.sessions.get(hash);
    if (session === undefined) {
      session = {
        active: socket.session,
        sockets: new Set(),
        endsAt: 0,
        renewedAt: 0,
        confirmedAt: 0,
        isAsking: false,
      };
      this.sessions.set(hash, session);
    }
    session.sockets.add(socket);
    session.renewedAt = now;
    session.endsAt = now + this.ttlMs;
    session.confirmedAt = -Infinity;
    this.confirm(session, now);
  }

  leave(socket: ClientSocket): void {
    const session = this.sessions.get(socket.session.hash);
    session?.sockets.delete(socket);
    if (session?.sockets.size === 0) this.sessions.delete(socket.session.hash);
  }

  /** A sign of life. Those that come faster than `atMostEveryMs` cost no command to Redis. */
  renew(socket: ClientSocket, atMostEveryMs = this.renewEveryMs): void {
    const now = performance.now();
    const session = this.sessions.get(socket.session.hash);
    if (session === undefined || now - session.renewedAt < atMostEveryMs) return;
    session.renewedAt = now;
    this.ask(session, now, async () => {
      if (!(await this.store.renew(session.active))) return false;
      session.endsAt = now + this.ttlMs;
      return true;
    });
  }

  /** Logged out, or the account is gone. */
  ended(hash: string): void {
    for (const socket of this.sessions.get(hash)?.sockets ?? []) socket.close('sessionEnded');
  }

  /** Somebody else may have renewed or ended it: the same session can be in use on another server. */
  private look(now: number): void {
    for (const session of this.sessions.values()) {
      const isDue = session.endsAt <= now || now - session.confirmedAt >= CONFIRM_EVERY_MS;
      if (isDue && !session.isAsking) this.confirm(session, now);
    }
  }

  private confirm(session: WatchedSession, now: number): void {
    this.ask(session, now, () => this.store.exists(session.active.hash));
  }

  private ask(session: WatchedSession, now: number, isAlive: () => Promise<boolean>): void {
    session.isAsking = true;
    isAlive()
      .then((alive) => {
        if (alive) session.confirmedAt = now;
        else this.ended(session.active.hash);
      })
      // A Redis that cannot be asked has not said that the session is over: asked again at the next look.
      .catch((error: unknown) => this.log.debug({ error }, 'cannot look after a session'))
      .finally(() => (session.isAsking = false));
  }
}
