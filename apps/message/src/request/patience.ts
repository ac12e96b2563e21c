import { setTimeout as delay } from 'node:timers/promises';
import { isUnavailable } from '@parley/persistence';
import { Injectable } from '@nestjs/common';

/** How long a command waits for a database before its sender is told to try again, in ms. */
const PATIENCE_MS = 3_000;
const RETRY_MS = 100;
/** Until this has passed after giving up, commands are tried once and not waited for, in ms: a queue must not build up. */
const GIVEN_UP_MS = 1_000;

/** Rides out short absences of a database, such as a failover. */
@Injectable()
export class Patience {
  private givenUpUntil = 0;

  /** Repeats `work` while a database is away. @throws what `work` throws, at the latest after about 3 seconds */
  async of<T>(work: () => Promise<T>): Promise<T> {
    const now = performance.now();
    const deadline = now < this.givenUpUntil ? now : now + PATIENCE_MS;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        if (performance.now() >= deadline) {
          this.givenUpUntil = performance.now() + GIVEN_UP_MS;
          throw error;
        }
        await delay(RETRY_MS);
      }
    }
  }
}
