import { DependencyUnavailable } from './errors.js';
import type { Log } from './kafka-handle.js';
import type { OnTheWay } from './lane.js';
import type { InboundRecord } from './records.js';
import { afterFailure, backoffMs } from './retry-policy.js';
import { UnreadableRecords } from './unreadable-records.js';

export interface BatchWorkOptions {
  /** Resolves when all that is left of what the records ask for is on its way. */
  handle(records: InboundRecord[]): Promise<OnTheWay>;
  /** Resolves when the record is kept elsewhere. */
  setAside(record: InboundRecord, error: unknown, attempts: number): Promise<void>;
  maxAttempts: number;
  log: Log;
}

/** The work was left undone because its partitions are given up; whoever reads them next starts over. */
export class WorkAbandoned extends Error {
  override readonly name = 'WorkAbandoned';
}

/**
 * Gets a batch done: all at once, again after a failure, and one by one when that does not help, so that a record
 * nobody can handle costs only itself. One that cannot even be read is set aside at once.
 */
export class BatchWork {
  constructor(private readonly options: BatchWorkOptions) {}

  /** The first attempt, for the usual case that it succeeds: after a failure it is left to `run`. */
  begin(records: InboundRecord[], abandon: AbortSignal): Promise<OnTheWay> {
    return abandon.aborted ? Promise.reject(new WorkAbandoned()) : this.options.handle(records);
  }

  /** @throws WorkAbandoned when `abandon` fires before the work is done; an attempt that has begun is finished first. */
  async run(records: InboundRecord[], abandon: AbortSignal): Promise<void> {
    const { maxAttempts, log } = this.options;
    const failure = await this.#attempt(records, maxAttempts, abandon);
    if (!failure) return;
    if (failure.error instanceof UnreadableRecords) {
      await this.#withoutUnreadable(records, failure.error, abandon);
      return;
    }
    for (const record of records) {
      // Alone, a record has one more chance, unless it was alone from the start.
      const verdict = records.length === 1 ? failure : await this.#attempt([record], 1, abandon);
      if (!verdict) continue;
      const attempts = records.length === 1 ? maxAttempts : maxAttempts + 1;
      await this.#insist(() => this.options.setAside(record, verdict.error, attempts), abandon);
      log.error({ ...place(record), error: verdict.error, attempts }, 'set a record aside that cannot be handled');
    }
  }

  async #withoutUnreadable(records: InboundRecord[], error: UnreadableRecords, abandon: AbortSignal): Promise<void> {
    for (const [record, reason] of error.reasons) {
      await this.#insist(() => this.options.setAside(record, new Error(`unreadable: ${reason}`), 1), abandon);
      this.options.log.error({ ...place(record), reason }, 'set a record aside that cannot be read');
    }
    const rest = records.filter((record) => !error.reasons.has(record));
    if (rest.length > 0) await this.run(rest, abandon);
  }

  /** Resolves with the last failure when the records are at fault, with undefined when they are done. */
  async #attempt(
    records: InboundRecord[],
    attempts: number,
    abandon: AbortSignal,
  ): Promise<{ error: unknown } | undefined> {
    let counted = 0;
    for (let failures = 1; ; failures++) {
      if (abandon.aborted) throw new WorkAbandoned();
      try {
        const { settled } = await this.options.handle(records);
        await settled;
        return undefined;
      } catch (error) {
        if (error instanceof UnreadableRecords) return { error };
        this.options.log.warn({ ...place(records[0]), records: records.length, error, failures }, 'a batch failed');
        if (!(error instanceof DependencyUnavailable)) counted++;
        if (afterFailure(error, counted, attempts) === 'set aside') return { error };
        await pause(backoffMs(failures), abandon);
      }
    }
  }

  async #insist(task: () => Promise<void>, abandon: AbortSignal): Promise<void> {
    for (let failures = 1; ; failures++) {
      if (abandon.aborted) throw new WorkAbandoned();
      try {
        await task();
        return;
      } catch (error) {
        this.options.log.error({ error, failures }, 'cannot set a record aside yet');
        await pause(backoffMs(failures), abandon);
      }
    }
  }
}

function pause(ms: number, abandon: AbortSignal): Promise<void> {
  if (abandon.aborted) return Promise.reject(new WorkAbandoned());
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(new WorkAbandoned());
    };
    const timer = setTimeout(() => {
      abandon.removeEventListener('abort', stop);
      resolve();
    }, ms);
    abandon.addEventListener('abort', stop, { once: true });
  });
}

function place(record: InboundRecord | undefined): object {
  return record ? { topic: record.topic, partition: record.partition, offset: String(record.offset) } : {};
}
