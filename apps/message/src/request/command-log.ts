import { setTimeout as delay } from 'node:timers/promises';
import { isConflict, isDuplicate, type Transaction, UserDatabase } from '@parley/persistence';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { z } from 'zod';

/** Longer than any request can wait in Kafka or be tried again by its socket's server. */
const KEPT_HOURS = 24;
const SWEEP_EVERY_MS = 10 * 60_000;
const SWEEP_ROWS = 1_000;

/** How often a transaction may lose against others before that is an error. */
const MAX_CONFLICTS = 20;
const CONFLICT_PAUSE_MS = 10;

/** Makes requests idempotent: what a request led to is stored in the transaction of its effects. */
@Injectable()
export class CommandLog implements OnApplicationBootstrap, OnModuleDestroy {
  private sweeper: NodeJS.Timeout | undefined;

  constructor(private readonly users: UserDatabase) {}

  onApplicationBootstrap(): void {
    // A sweep that fails is made up for by the next one.
    this.sweeper = setInterval(() => void this.sweep().catch(() => undefined), SWEEP_EVERY_MS);
  }

  onModuleDestroy(): void {
    clearInterval(this.sweeper);
  }

  /**
   * Runs `work` in a transaction of the user database, once per request for ever after: whoever repeats the request,
   * here or elsewhere, now or after a crash, gets the outcome of the first run.
   */
  async once<T>(request: string, outcomeSchema: z.ZodType<T>, work: (tx: Transaction) => Promise<T>): Promise<T> {
    for (let conflicts = 0; ; conflicts++) {
      try {
        return await this.users.source.transaction(async (tx) => {
          if (!(await claim(tx, request))) return outcomeSchema.parse(await storedOutcome(tx, request));
          const outcome = await work(tx);
          await tx.query('UPDATE command_log SET outcome = ? WHERE request = ?', [JSON.stringify(outcome), request]);
          return outcome;
        });
      } catch (error) {
        if (!isConflict(error) || conflicts === MAX_CONFLICTS) throw error;
        await delay(Math.random() * CONFLICT_PAUSE_MS * (conflicts + 1));
      }
    }
  }

  /** Forgets requests that nobody can repeat any more. */
  async sweep(): Promise<void> {
    for (let deleted = SWEEP_ROWS; deleted === SWEEP_ROWS;) {
      const { affectedRows }: { affectedRows: number } = await this.users.source.query(
        `DELETE FROM command_log WHERE created_at < CURRENT_TIMESTAMP - INTERVAL ${KEPT_HOURS} HOUR LIMIT ${SWEEP_ROWS}`,
      );
      deleted = affectedRows;
    }
  }
}

/** False if the request has been carried out. Waits for a run of the same request that is not finished. */
async function claim(tx: Transaction, request: string): Promise<boolean> {
  try {
    await tx.query("INSERT INTO command_log (request, outcome) VALUES (?, '')", [request]);
    return true;
  } catch (error) {
    if (isDuplicate(error) === undefined) throw error;
    return false;
  }
}

async function storedOutcome(tx: Transaction, request: string): Promise<unknown> {
  const [row]: { outcome: string }[] = await tx.query('SELECT outcome FROM command_log WHERE request = ?', [request]);
  if (row === undefined) throw new Error(`the outcome of request ${request} is gone`);
  return JSON.parse(row.outcome);
}
