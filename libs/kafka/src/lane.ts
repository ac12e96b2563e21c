import type { InboundRecord } from './records.js';

interface Waiting {
  records: InboundRecord[];
  resolve(): void;
  reject(error: unknown): void;
}

/** Runs one batch at a time. What arrives in the same turn, or while one is running, becomes a single next batch. */
export class Lane {
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(private readonly run: (records: InboundRecord[]) => Promise<void>) {}

  /** Resolves when the batch these records became part of is done. */
  add(records: InboundRecord[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ records, resolve, reject });
      this.#running ??= this.#drain();
    });
  }

  /** Resolves when nothing is waiting or running. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #drain(): Promise<void> {
    // The other partitions of the same fetch are handed over in this very turn.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0);
      try {
        await this.run(batch.flatMap(({ records }) => records));
        for (const waiting of batch) waiting.resolve();
      } catch (error) {
        for (const waiting of batch) waiting.reject(error);
      }
    }
    this.#running = undefined;
  }
}
