import type { InboundRecord } from './records.js';

/** What a handler may leave to be completed while the next batch is handled. */
export interface OnTheWay {
  /** Resolves when all effects are complete; when it rejects, the batch is handled again. */
  readonly settled: Promise<void>;
}

export interface LaneWork {
  /** One attempt. Resolves when the next batch may begin. */
  begin(records: InboundRecord[]): Promise<OnTheWay>;
  /** Whatever it takes: resolves when everything the records ask for is done, rejects when they are given up. */
  insist(records: InboundRecord[]): Promise<void>;
}

interface Part {
  readonly records: InboundRecord[];
  readonly done: PromiseWithResolvers<void>;
}

interface Batch {
  readonly parts: readonly Part[];
  isSettled: boolean;
}

/** Batches whose effects may be on their way at the same time. */
const MOST_UNSETTLED = 8;

/**
 * Handles one batch after the other. What arrives in the same turn, or while one is handled, becomes a single next
 * batch; it does not wait for effects of earlier ones that are still on their way. When any of those fails, all batches
 * that are not done are handled again, together and in their order, so that nobody sees a later one alone.
 */
export class Lane {
  #waiting: Part[] = [];
  /** In order; all but the last have been handled and wait for their effects. */
  #begun: Batch[] = [];
  #hasFailed = false;
  #running: Promise<void> | undefined;
  #changed = Promise.withResolvers<void>();
  #emptied: (() => void)[] = [];

  constructor(private readonly work: LaneWork) {}

  /** Resolves when the batch these records became part of is done, and all before it. */
  add(records: InboundRecord[]): Promise<void> {
    const part: Part = { records, done: Promise.withResolvers() };
    this.#waiting.push(part);
    this.#changed.resolve();
    this.#running ??= this.#run();
    return part.done.promise;
  }

  /** Resolves when everything that was added has at least begun. */
  async hasRoom(): Promise<void> {
    if (this.#waiting.length > 0) await new Promise<void>((resolve) => this.#emptied.push(resolve));
  }

  isIdle(): boolean {
    return this.#running === undefined;
  }

  /** Resolves when nothing is waiting, being handled or on its way. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    // The other partitions of the same fetch are handed over in this very turn.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0 || this.#begun.length > 0) {
      if (this.#hasFailed) await this.#again();
      else if (this.#waiting.length > 0 && this.#begun.length < MOST_UNSETTLED) await this.#begin();
      else await this.#change();
    }
    this.#running = undefined;
  }

  /** Resolves when records have come or effects are complete. */
  async #change(): Promise<void> {
    await this.#changed.promise;
    this.#changed = Promise.withResolvers();
  }

  async #begin(): Promise<void> {
    const batch: Batch = { parts: this.#waiting.splice(0), isSettled: false };
    for (const wake of this.#emptied.splice(0)) wake();
    this.#begun.push(batch);
    try {
      const { settled } = await this.work.begin(recordsOf(batch.parts));
      settled.then(
        () => this.#settle(batch),
        () => this.#fail(batch),
      );
    } catch {
      this.#fail(batch);
    }
  }

  /** A batch is done when those before it are: what is done is not handled again. */
  #settle(batch: Batch): void {
    batch.isSettled = true;
    while (!this.#hasFailed && this.#begun[0]?.isSettled) {
      for (const { done } of this.#begun.shift()?.parts ?? []) done.resolve();
    }
    this.#changed.resolve();
  }

  #fail(batch: Batch): void {
    // It may have been handled again because of another one.
    this.#hasFailed ||= this.#begun.includes(batch);
    this.#changed.resolve();
  }

  async #again(): Promise<void> {
    const parts = this.#begun.splice(0).flatMap((batch) => batch.parts);
    this.#hasFailed = false;
    try {
      await this.work.insist(recordsOf(parts));
      for (const { done } of parts) done.resolve();
    } catch (error) {
      for (const { done } of parts) done.reject(error);
    }
  }
}

const recordsOf = (parts: readonly Part[]): InboundRecord[] => parts.flatMap(({ records }) => records);
