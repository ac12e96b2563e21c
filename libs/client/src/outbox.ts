import { UNAVAILABLE_TEXT, type ChannelId, type Seq, type Serial } from '@parley/protocol';
import type { Clock, Timer } from './clock.js';
import { RequestError, type RequestFailure } from './errors.js';

export interface WriteFrame {
  readonly type: 'WRITE_MESSAGE';
  readonly serial: Serial;
  readonly channelId: ChannelId;
  readonly content: string;
}

/** A message that is stored: its place in the channel is final. */
export interface Sent {
  readonly serial: Serial;
  readonly channelId: ChannelId;
  readonly seq: Seq;
}

export interface OutboxOptions {
  readonly clock: Clock;
  /** False when there is no open socket. */
  readonly transmit: (frame: WriteFrame) => boolean;
  readonly ackTimeoutMs: number;
  /** Sends of one message, the first included. */
  readonly attempts: number;
  /** From `send` to giving up, connected or not; Infinity waits for a connection as long as it takes. */
  readonly giveUpMs: number;
  /** A message was sent so often and never acknowledged: whoever hears nothing else either may have a dead socket. */
  readonly onUnanswered: () => void;
  /** Messages under way at once; with one, order and the meaning of an ERROR are beyond doubt. */
  readonly window: number;
}

interface Entry {
  readonly frame: WriteFrame;
  readonly promise: Promise<Sent>;
  readonly resolve: (sent: Sent) => void;
  readonly reject: (error: RequestError) => void;
  sends: number;
  /** Sends on this socket whose real answer may still come. */
  owed: number;
  timer: Timer | undefined;
  deadline: Timer | undefined;
}

/** The one ERROR after which the same frame may still succeed. */
const TEMPORARY = UNAVAILABLE_TEXT.WRITE_MESSAGE;

const MAX_FAILED = 100;

/** Sends each message until it is acknowledged; every repetition is the identical frame, so the server stores one. */
export class Outbox {
  #pending: Entry[] = [];
  #online = false;
  /** Refused or given up: late answers are about these, and a late ack says that the server has stored one all the same. */
  readonly #failed = new Map<Serial, Entry>();

  constructor(private readonly options: OutboxOptions) {}

  get size(): number {
    return this.#pending.length;
  }

  send(frame: WriteFrame): Promise<Sent> {
    const same = this.#pending.find((entry) => entry.frame.serial === frame.serial);
    if (same) return same.promise;
    const owed = this.#failed.get(frame.serial)?.owed ?? 0;
    this.#failed.delete(frame.serial);
    const { promise, resolve, reject } = Promise.withResolvers<Sent>();
    const entry: Entry = { frame, promise, resolve, reject, sends: 0, owed, timer: undefined, deadline: undefined };
    const { giveUpMs, clock } = this.options;
    if (Number.isFinite(giveUpMs)) entry.deadline = clock.after(giveUpMs, () => this.#giveUp(entry));
    this.#pending.push(entry);
    this.#pump();
    return promise;
  }

  /** Returns the acknowledged message, once. */
  acked(serial: Serial, seq: Seq): WriteFrame | undefined {
    const entry = this.#pending.find((candidate) => candidate.frame.serial === serial);
    if (!entry) {
      const late = this.#failed.get(serial);
      this.#failed.delete(serial);
      return late?.frame;
    }
    this.#remove(entry);
    entry.resolve({ serial, channelId: entry.frame.channelId, seq });
    this.#pump();
    return entry.frame;
  }

  /**
   * An ERROR about WRITE_MESSAGE names no serial. The server answers each of the sends: while there are answers owed to
   * messages that have failed, whose sender knows, it belongs to those; then to the oldest message under way.
   */
  refused(text: string): boolean {
    const failed = [...this.#failed.values()].find((entry) => entry.owed > 0);
    const about = failed ?? this.#pending.find((entry) => entry.sends > 0);
    if (!about) return false;
    // The real answer may still come after this one, so it settles nothing.
    if (text === TEMPORARY) return true;
    about.owed -= 1;
    if (about !== failed) this.#fail(about, 'refused', text);
    return true;
  }

  /** A new socket is open: what was under way goes out again, in its old order. The old one's answers do not come any more. */
  online(): void {
    this.#online = true;
    for (const entry of [...this.#pending, ...this.#failed.values()]) entry.sends = entry.owed = 0;
    this.#pump();
  }

  /** Time without a socket costs no attempt. */
  offline(): void {
    this.#online = false;
    for (const entry of this.#pending) entry.timer?.cancel();
  }

  failAll(message: string): void {
    this.offline();
    for (const entry of this.#pending.slice()) this.#fail(entry, 'closed', message);
  }

  #pump(): void {
    if (!this.#online) return;
    for (const entry of this.#pending.slice(0, this.options.window)) {
      if (entry.sends === 0) this.#transmit(entry);
    }
  }

  #transmit(entry: Entry): void {
    if (!this.options.transmit(entry.frame)) return;
    entry.sends += 1;
    entry.owed += 1;
    entry.timer?.cancel();
    entry.timer = this.options.clock.after(this.options.ackTimeoutMs, () => {
      if (entry.sends < this.options.attempts) return this.#transmit(entry);
      this.#giveUp(entry);
      this.options.onUnanswered();
    });
  }

  #giveUp(entry: Entry): void {
    this.#fail(entry, 'timeout', 'Send message failed.');
  }

  #fail(entry: Entry, failure: RequestFailure, message: string): void {
    this.#remove(entry);
    this.#remember(entry);
    entry.reject(new RequestError('WRITE_MESSAGE', failure, message));
    this.#pump();
  }

  #remember(entry: Entry): void {
    this.#failed.set(entry.frame.serial, entry);
    const [oldest] = this.#failed.keys();
    if (this.#failed.size > MAX_FAILED && oldest !== undefined) this.#failed.delete(oldest);
  }

  #remove(entry: Entry): void {
    entry.timer?.cancel();
    entry.deadline?.cancel();
    this.#pending = this.#pending.filter((other) => other !== entry);
  }
}
