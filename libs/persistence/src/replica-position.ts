import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { type Dialect, dialectOf, type WaitAnswer } from './dialect.js';

/** How long a replica may take to carry out what its source has committed, in ms. */
const CATCH_UP_MS = 100;
/** How long its answer may take on top of that, in ms: the server may have fallen silent. */
const ANSWER_MS = 100;
/** A replica that has not caught up in time is tried once in so many ms, so that few requests wait in vain. */
const RETRY_MS = 1_000;

type Server = Pick<DataSource, 'query'>;

/** Finds out whether a replica has all that its source had committed at the moment of the question. */
export class ReplicaPosition {
  #dialect: Dialect | undefined;
  #hasCaughtUp = false;
  #nextTryAt = 0;

  /** @param now a clock in ms that never goes back */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Whether the replica had caught up when it was last tried. What it holds now is at least as new. */
  get hadCaughtUp(): boolean {
    return this.#hasCaughtUp;
  }

  /**
   * Waits for the replica, 200 ms at most. False also if it is not tried now, or if the source does not number its
   * transactions.
   * @throws what the source answers instead of its position; nothing is known of the replica then
   */
  async catchesUp(source: Server, replica: Server): Promise<boolean> {
    if (!this.#hasCaughtUp && this.now() < this.#nextTryAt) return false;
    this.#nextTryAt = this.now() + RETRY_MS;
    this.#dialect ??= dialectOf(await versionOf(source));
    const [row]: { position: string }[] = await source.query(this.#dialect.positionQuery);
    const position = row?.position ?? '';
    this.#hasCaughtUp = position !== '' && (await reaches(replica, position, this.#dialect));
    return this.#hasCaughtUp;
  }
}

async function versionOf(server: Server): Promise<string> {
  const [row]: { version: string }[] = await server.query('SELECT VERSION() AS version');
  return row?.version ?? '';
}

/** False if the replica fails, too: the source is there to be read. */
async function reaches(replica: Server, position: string, { waitQuery, hasReached }: Dialect): Promise<boolean> {
  const asked: Promise<WaitAnswer[]> = replica.query(waitQuery, [position, CATCH_UP_MS / 1_000]);
  const isThere = asked.then(([answer]) => answer !== undefined && hasReached(position, answer));
  const late = delay(CATCH_UP_MS + ANSWER_MS, false, { ref: false });
  return Promise.race([isThere, late]).catch(() => false);
}
