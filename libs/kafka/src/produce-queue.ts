import { ProducerOverloaded, ProduceTimeout, RecordRefused } from './errors.js';
import type { AddressedRecord } from './records.js';

/** Carries one request to Kafka. Rejects with `RequestRefused` for what no retry can change, with anything else to be tried again. */
export type SendRequest = (records: readonly AddressedRecord[]) => Promise<void>;

/** Some of a request's records can never be written; without them the rest can. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused';
  constructor(
    message: string,
    readonly concerns: (record: AddressedRecord) => boolean,
  ) {
    super(message);
  }
}

export interface QueueLimits {
  /** The longest time between the starts of two requests, when the first was large; see `gapAfter`. */
  maxGapMs: number;
  maxRequestRecords: number;
  maxRequestBytes: number;
  maxQueuedRecords: number;
  maxQueuedBytes: number;
  timeoutMs: number;
}

export interface ProduceStats {
  /** Requests Kafka has confirmed. */
  requests: number;
  /** Records Kafka has confirmed. */
  records: number;
  /** Records waiting or on their way. */
  queued: number;
}

const RETRY_PAUSE_MS = 200;

/**
 * Requests cost CPU, not records. One that carried little is soon followed by the next, so that single records travel
 * fast; the more there is to carry, the longer the next one gathers. In ms.
 */
const gapAfter = (records: number, maxGapMs: number): number => Math.min(maxGapMs, records);

/** What the caller of one `add` waits for. */
interface Delivery {
  open: number;
  deadline: number;
  started: boolean;
  settled: boolean;
  resolve(): void;
  reject(error: Error): void;
}

interface Waiting {
  record: AddressedRecord;
  bytes: number;
  delivery: Delivery;
}

/**
 * Turns many small sends into few requests. One request is in flight at a time, so records leave in the order in which
 * they were added; what gathers meanwhile goes together.
 */
export class ProduceQueue {
  #waiting: Waiting[] = [];
  #inFlight: Waiting[] = [];
  #queuedRecords = 0;
  #queuedBytes = 0;
  /** No request starts before this. */
  #nextStart = Number.NEGATIVE_INFINITY;
  #armed = false;
  #busy = false;
  #deadlineTimer: NodeJS.Timeout | undefined;
  #idle: (() => void)[] = [];
  #sent = { requests: 0, records: 0 };

  constructor(
    private readonly send: SendRequest,
    private readonly limits: QueueLimits,
  ) {}

  /** Resolves when Kafka has confirmed every record; they stay together and in order. */
  add(records: readonly AddressedRecord[]): Promise<void> {
    if (records.length === 0) return Promise.resolve();
    const { maxQueuedRecords, maxQueuedBytes, maxRequestBytes } = this.limits;
    let total = 0;
    for (const record of records) {
      const bytes = sizeOf(record);
      if (bytes > maxRequestBytes) {
        return Promise.reject(new RecordRefused(`A record is larger than ${maxRequestBytes} bytes`));
      }
      total += bytes;
    }
    if (this.#queuedRecords + records.length > maxQueuedRecords || this.#queuedBytes + total > maxQueuedBytes) {
      return Promise.reject(new ProducerOverloaded());
    }
    this.#queuedRecords += records.length;
    this.#queuedBytes += total;
    return new Promise((resolve, reject) => {
      const deadline = performance.now() + this.limits.timeoutMs;
      const delivery = { open: records.length, deadline, started: false, settled: false, resolve, reject };
      for (const record of records) {
        this.#waiting.push({ record, bytes: records.length === 1 ? total : sizeOf(record), delivery });
      }
      this.#watchDeadlines();
      this.#schedule();
    });
  }

  /** Resolves once nothing is waiting or in flight; deadlines bound how long that takes. */
  drained(): Promise<void> {
    if (!this.#busy && this.#waiting.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  stats(): ProduceStats {
    return { ...this.#sent, queued: this.#queuedRecords };
  }

  #schedule(): void {
    if (this.#armed || this.#busy || this.#waiting.length === 0) return;
    this.#armed = true;
    const go = () => {
      this.#armed = false;
      void this.#sendNext();
    };
    const wait = this.#nextStart - performance.now();
    if (wait > 0) setTimeout(go, wait);
    else setImmediate(go);
  }

  async #sendNext(): Promise<void> {
    this.#inFlight = this.#takeBatch();
    this.#busy = true;
    this.#nextStart = performance.now() + gapAfter(this.#inFlight.length, this.limits.maxGapMs);
    for (const { delivery } of this.#inFlight) delivery.started = true;
    await this.#transmit();
    this.#busy = false;
    this.#schedule();
    if (this.#waiting.length === 0) for (const wake of this.#idle.splice(0)) wake();
  }

  #takeBatch(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const next of this.#waiting) {
      bytes += next.bytes;
      if (count === this.limits.maxRequestRecords || (count > 0 && bytes > this.limits.maxRequestBytes)) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  /** Tries until every record of the request is confirmed, refused or past its deadline. */
  async #transmit(): Promise<void> {
    while (this.#inFlight.length > 0) {
      try {
        await this.send(this.#inFlight.map(({ record }) => record));
        this.#sent.requests++;
        this.#sent.records += this.#inFlight.length;
        this.#settle(this.#inFlight.splice(0));
        return;
      } catch (error) {
        if (error instanceof RequestRefused) this.#refuse(error);
        else await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
        // A record whose caller was told "unknown" must not arrive long after: it is not sent again.
        this.#settle(this.#inFlight.filter(({ delivery }) => delivery.settled));
        this.#inFlight = this.#inFlight.filter(({ delivery }) => !delivery.settled);
      }
    }
  }

  #refuse({ message, concerns }: RequestRefused): void {
    for (const { record, delivery } of this.#inFlight) {
      if (!concerns(record)) continue;
      delivery.settled = true;
      delivery.reject(new RecordRefused(`${record.topic}: ${message}`));
    }
    this.#dropSettled();
  }

  /** The rest of a group that has failed is not sent. */
  #dropSettled(): void {
    const dropped = this.#waiting.filter(({ delivery }) => delivery.settled);
    if (dropped.length === 0) return;
    this.#waiting = this.#waiting.filter(({ delivery }) => !delivery.settled);
    this.#settle(dropped);
  }

  /** These records are out of the queue, whatever became of them. */
  #settle(records: readonly Waiting[]): void {
    for (const { bytes, delivery } of records) {
      this.#queuedRecords--;
      this.#queuedBytes -= bytes;
      delivery.open--;
      if (delivery.open > 0 || delivery.settled) continue;
      delivery.settled = true;
      delivery.resolve();
    }
  }

  /** Deadlines expire in the order in which records were added, so the oldest open record has the next one. */
  #watchDeadlines(): void {
    if (this.#deadlineTimer !== undefined) return;
    const oldest = this.#inFlight.find(({ delivery }) => !delivery.settled) ?? this.#waiting[0];
    if (oldest === undefined) return;
    this.#deadlineTimer = setTimeout(
      () => {
        this.#deadlineTimer = undefined;
        this.#expire();
        this.#watchDeadlines();
      },
      Math.max(1, oldest.delivery.deadline - performance.now()),
    );
    this.#deadlineTimer.unref();
  }

  #expire(): void {
    const now = performance.now();
    for (const { delivery } of [...this.#inFlight, ...this.#waiting]) {
      if (delivery.deadline > now) break;
      if (delivery.settled) continue;
      delivery.settled = true;
      delivery.reject(new ProduceTimeout(delivery.started ? 'unknown' : false));
    }
    this.#dropSettled();
  }
}

function sizeOf({ key, value }: AddressedRecord): number {
  return (key === null ? 0 : Buffer.byteLength(key)) + Buffer.byteLength(value);
}
