import { LIMITS, type ChannelId, type Seq, seq } from '@parley/protocol';
import { backoff } from './backoff.js';
import type { Clock, Random, Timer } from './clock.js';
import { type ChatMessage, type Delivery, EMPTY_INBOX, gap, type Inbox, open, receive } from './inbox.js';

export interface ChannelViewOptions {
  readonly channelId: ChannelId;
  readonly clock: Clock;
  readonly random: Random;
  /** Stored messages of a range of at most 100; throws when there is no answer. */
  readonly fetch: (from: Seq, to: Seq) => Promise<readonly ChatMessage[]>;
  readonly show: (message: ChatMessage) => void;
  /** Moves the server's read position; false when there is no open socket. Undefined leaves that to the caller. */
  readonly markRead: ((upTo: Seq) => boolean) | undefined;
}

/** A neighbour that is only late fills a gap within this time. */
const GAP_PATIENCE_MS = 100;
/** Read positions are sent at most this often. */
const READ_EVERY_MS = 100;
const REFETCH_BACKOFF = { baseMs: 250, maxMs: 10_000 };

/** The channel on the screen: feeds the inbox, fetches what is missing, reports what was read. */
export class ChannelView {
  #inbox: Inbox = EMPTY_INBOX;
  #online = false;
  #fetching = false;
  #failures = 0;
  #gapTimer: Timer | undefined;
  #readTimer: Timer | undefined;
  #markedRead = 0;
  #closed = false;
  #waiting: { readonly upTo: number; readonly resolve: () => void }[] = [];

  constructor(private readonly options: ChannelViewOptions) {}

  get channelId(): ChannelId {
    return this.options.channelId;
  }

  get online(): boolean {
    return this.#online;
  }

  /** The last sequence on the screen. */
  get shown(): Seq {
    return this.#inbox.shown ?? seq(0);
  }

  /**
   * The server lets this socket see the channel: the first time, and after each reconnect. `starting` is told the first
   * sequence that will be shown from now on, before it is.
   */
  opened(lastRead: Seq, last: Seq, starting?: (from: Seq) => void): void {
    this.#online = true;
    this.#failures = 0;
    const start = open(this.#inbox, lastRead, last);
    const first = start.show[0]?.seq ?? seq((start.inbox.shown ?? 0) + 1);
    starting?.(first);
    this.#apply(start, 0);
    this.#scheduleRead();
  }

  receive(messages: readonly ChatMessage[]): void {
    // An answer that was still under way when another channel was entered.
    if (this.#closed) return;
    this.#apply(receive(this.#inbox, messages), GAP_PATIENCE_MS);
  }

  /** Asks the server for anything after the last shown message: finds what no live frame announced. */
  async check(): Promise<void> {
    if (!this.#online || this.#fetching || gap(this.#inbox)) return;
    const { shown } = this;
    const page = await this.options.fetch(seq(shown + 1), seq(shown + LIMITS.fetchMessages));
    this.receive(page);
    if (page.length === LIMITS.fetchMessages) await this.check();
  }

  /** Resolves when everything up to `upTo` is on the screen, or the view is closed. */
  caughtUp(upTo: Seq): Promise<void> {
    if (this.shown >= upTo) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ upTo, resolve }));
  }

  /** Reports the read position at once instead of soon. */
  flushRead(): void {
    this.#readTimer?.cancel();
    this.#readTimer = undefined;
    const { markRead } = this.options;
    if (!markRead || !this.#online || this.shown <= this.#markedRead) return;
    if (markRead(this.shown)) this.#markedRead = this.shown;
  }

  /** The socket is gone: hold still until `opened`. */
  suspend(): void {
    this.#online = false;
    this.#gapTimer?.cancel();
    this.#gapTimer = undefined;
  }

  close(): void {
    this.#closed = true;
    this.suspend();
    this.#readTimer?.cancel();
    this.#settle(Number.MAX_SAFE_INTEGER);
  }

  #apply({ inbox, show }: Delivery, patienceMs: number): void {
    this.#inbox = inbox;
    for (const message of show) this.options.show(message);
    if (show.length > 0) this.#scheduleRead();
    this.#settle(this.shown);
    this.#pursue(patienceMs);
  }

  #settle(upTo: number): void {
    const done = this.#waiting.filter((waiter) => waiter.upTo <= upTo);
    this.#waiting = this.#waiting.filter((waiter) => waiter.upTo > upTo);
    for (const { resolve } of done) resolve();
  }

  #pursue(delayMs: number): void {
    if (!this.#online || this.#fetching || this.#gapTimer || !gap(this.#inbox)) return;
    if (delayMs === 0) void this.#fetchGap();
    else this.#gapTimer = this.options.clock.after(delayMs, () => void this.#fetchGap());
  }

  async #fetchGap(): Promise<void> {
    this.#gapTimer = undefined;
    // What is missing is judged now: while waiting, the gap may have closed or grown.
    const missing = gap(this.#inbox);
    if (!missing || !this.#online) return;
    this.#fetching = true;
    const before = this.shown;
    try {
      this.receive(await this.options.fetch(missing.from, missing.to));
    } catch {
      // No answer is the same as an empty one: ask again later, or after the next reconnect.
    } finally {
      this.#fetching = false;
    }
    this.#failures = this.shown > before ? 0 : this.#failures + 1;
    const { random } = this.options;
    this.#pursue(this.#failures === 0 ? 0 : GAP_PATIENCE_MS + backoff(this.#failures, random, REFETCH_BACKOFF));
  }

  #scheduleRead(): void {
    if (!this.options.markRead || this.#readTimer) return;
    this.#readTimer = this.options.clock.after(READ_EVERY_MS, () => this.flushRead());
  }
}
