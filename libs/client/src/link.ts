import { NOTICES, PATHS, reconnectAfter } from '@parley/protocol';
import { backoff } from './backoff.js';
import type { Clock, Random, Timer } from './clock.js';
import type { Endpoints } from './endpoints.js';
import { SessionEnded, Unreachable } from './errors.js';
import type { Session } from './session.js';
import type { ClientSocket, OpenSocket } from './socket.js';
import { userParameter } from './user-parameter.js';

export type LinkState =
  | { readonly state: 'connecting'; readonly url: string }
  | { readonly state: 'open'; readonly url: string }
  | { readonly state: 'lost'; readonly code: number; readonly reason: string }
  | { readonly state: 'waiting'; readonly delayMs: number }
  /** Over for good: `session-ended` asks for a new login, `closed` was the caller's wish. */
  | { readonly state: 'ended'; readonly why: 'session-ended' | 'closed'; readonly reason: string };

export interface LinkOptions {
  readonly session: Session;
  readonly endpoints: Endpoints;
  readonly openSocket: OpenSocket;
  readonly clock: Clock;
  readonly random: Random;
  readonly onState: (state: LinkState) => void;
  readonly onText: (text: string) => void;
}

const CONNECT_TIMEOUT_MS = 5000;
/** A socket that lived shorter than this does not reset the backoff. */
const STABLE_MS = 10_000;
/** Attempt number the backoff starts from when the server asked for distance. */
const DISTANCE = 4;
/** However often it is woken, it dials no sooner than this after it last did. */
const WAKE_PAUSE_MS = 2000;
/** Close code of a socket that this side gave up. */
const GIVEN_UP = 4900;

/** One WebSocket after the other: opens, reopens with jittered backoff, and ends when the session does. */
export class Link {
  #socket: ClientSocket | undefined;
  #open = false;
  #ended = false;
  #attempt = 0;
  #openedAt = 0;
  #dialledAt = 0;
  #retry: Timer | undefined;
  #retryAt = 0;
  /** The server asked for distance before the next attempt. */
  #keepsDistance = false;
  /** When the server was last heard, in milliseconds since the epoch. */
  lastHeard = 0;

  constructor(private readonly options: LinkOptions) {}

  /** Opens the first socket. Throws Unreachable or SessionEnded; after it has resolved, losses are mended without the caller. */
  async connect(): Promise<void> {
    await this.options.endpoints.firstReachable((baseUrl) => this.#dial(baseUrl));
  }

  /** Opens the first socket like any later one: tries until it opens, or the session turns out to have ended. */
  resume(): void {
    this.#reconnect();
  }

  /** False when there is no open socket: the text was not sent. */
  send(text: string): boolean {
    if (!this.#open || !this.#socket) return false;
    this.#socket.send(text);
    return true;
  }

  /** Gives up a socket that seems dead and opens another. */
  drop(reason: string): void {
    if (!this.#open) return;
    const socket = this.#socket;
    this.#lose(GIVEN_UP, reason);
    socket?.close(GIVEN_UP, reason);
  }

  /** The network or the screen is back: do not wait for the backoff. */
  wake(): void {
    const now = this.options.clock.now();
    const at = Math.max(now, this.#dialledAt + WAKE_PAUSE_MS);
    if (!this.#retry || this.#keepsDistance || at >= this.#retryAt) return;
    this.#retry.cancel();
    this.#reconnectIn(at - now);
  }

  close(): void {
    this.#end('closed', 'Closed by the user');
  }

  #dial(baseUrl: string): Promise<void> {
    const { session, clock, openSocket, onState, onText } = this.options;
    if (this.#ended) return Promise.reject(new SessionEnded('Closed.'));
    const url = baseUrl.replace(/^http/, 'ws') + PATHS.webSocket;
    const query = new URLSearchParams({ [NOTICES.parameter]: NOTICES.wanted, ...userParameter(session) });
    this.#dialledAt = clock.now();
    onState({ state: 'connecting', url });
    return new Promise((resolve, reject) => {
      // A socket that is no longer ours has nothing to say.
      const ours = (): boolean => this.#socket === socket && !this.#ended;
      const giveUp = clock.after(CONNECT_TIMEOUT_MS, () => {
        if (this.#socket === socket) this.#socket = undefined;
        socket.close();
        reject(new Unreachable(`${url} did not answer.`));
      });
      const socket = openSocket(`${url}?${query.toString()}`, session, {
        opened: () => {
          giveUp.cancel();
          if (!ours()) {
            socket.close();
            return reject(new SessionEnded('Closed.'));
          }
          this.#open = true;
          this.#openedAt = this.lastHeard = clock.now();
          onState({ state: 'open', url });
          resolve();
        },
        text: (data) => {
          if (!ours()) return;
          this.lastHeard = clock.now();
          onText(data);
        },
        alive: () => {
          if (ours()) this.lastHeard = clock.now();
        },
        closed: (code, reason) => {
          if (ours()) this.#lose(code, reason);
        },
        failed: (why) => {
          giveUp.cancel();
          reject(
            why === 'unauthorized' ? new SessionEnded('Session ended.') : new Unreachable(`${url} cannot be reached.`),
          );
        },
      });
      this.#socket = socket;
    });
  }

  #lose(code: number, reason: string): void {
    this.#open = false;
    this.#socket = undefined;
    this.options.onState({ state: 'lost', code, reason });
    const next = reconnectAfter(code);
    if (next === 'login') return this.#end('session-ended', reason);
    if (this.options.clock.now() - this.#openedAt >= STABLE_MS) this.#attempt = 0;
    this.#keepsDistance = next === 'backoff';
    if (this.#keepsDistance) this.#attempt = Math.max(this.#attempt, DISTANCE);
    this.#scheduleReconnect();
  }

  #scheduleReconnect(): void {
    if (this.#ended) return;
    const delayMs = backoff(this.#attempt, this.options.random);
    this.#attempt += 1;
    this.#reconnectIn(delayMs);
  }

  #reconnectIn(delayMs: number): void {
    const { clock, onState } = this.options;
    this.#retryAt = clock.now() + delayMs;
    this.#retry = clock.after(delayMs, () => this.#reconnect());
    onState({ state: 'waiting', delayMs });
  }

  #reconnect(): void {
    this.#retry = undefined;
    this.#keepsDistance = false;
    this.connect().catch((error: unknown) => {
      if (error instanceof SessionEnded) this.#end('session-ended', error.message);
      else this.#scheduleReconnect();
    });
  }

  #end(why: 'session-ended' | 'closed', reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#open = false;
    this.#retry?.cancel();
    this.#socket?.close(1000, 'bye');
    this.#socket = undefined;
    this.options.onState({ state: 'ended', why, reason });
  }
}
