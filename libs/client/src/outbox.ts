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
  /** Given up, but the server may have stored it all the same: a late ack still finds its message here. */
  readonly #failed = new Map<Serial, WriteFrame>();

  constructor(private readonly options: OutboxOptions) {}

  get size(): number {
    return this.#pending.length;
  }

  send(frame: WriteFrame): Promise<Sent> {
    const same = this.#pending.find((entry) => entry.frame.serial === frame.serial);
    if (same) return same.promise;
    this.#failed.delete(frame.serial);
    const { promise, resolve, reject } = Promise.withResolvers<Sent>();
    const entry: Entry = { frame, promise, resolve, reject, sends: 0, timer: undefined, deadline: undefined };
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
      return late;
    }
    this.#remove(entry);
    entry.resolve({ serial, channelId: entry.frame.channelId, seq });
    this.#pump();
    return entry.frame;
  }

  /** An ERROR about WRITE_MESSAGE names no serial: it belongs to the oldest message under way. */
  refused(text: string): boolean {
    const oldest = this.#pending.find((entry) => entry.sends > 0);
    // The server answers each of the sends, also when the last one is given up: its sender knows.
    if (!oldest) return text === TEMPORARY && this.#failed.size > 0;
    if (text !== TEMPORARY) this.#fail(oldest, 'refused', text);
    return true;
  }

  /** A new socket is open: what was under way goes out again, in its old order. */
  online(): void {
    this.#online = true;
    for (const entry of this.#pending) entry.sends = 0;
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
    if (failure !== 'refused') this.#remember(entry.frame);
    entry.reject(new RequestError('WRITE_MESSAGE', failure, message));
    this.#pump();
  }

  #remember(frame: WriteFrame): void {
    this.#failed.set(frame.serial, frame);
    const [oldest] = this.#failed.keys();
    if (this.#failed.size > MAX_FAILED && oldest !== undefined) this.#failed.delete(oldest);
  }

  #remove(entry: Entry): void {
    entry.timer?.cancel();
    entry.deadline?.cancel();
    this.#pending = this.#pending.filter((other) => other !== entry);
  }
}
