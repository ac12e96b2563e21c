import type { Clock, Timer } from '../src/clock.js';

interface Due {
  readonly at: number;
  readonly run: () => void;
}

/** Time that passes only when a test says so. */
export class ManualClock implements Clock {
  #now = 1_700_000_000_000;
  #due: Due[] = [];

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, run: () => void): Timer {
    const due = { at: this.#now + milliseconds, run };
    this.#due.push(due);
    return {
      cancel: () => {
        this.#due = this.#due.filter((other) => other !== due);
      },
    };
  }

  /** Runs what falls due, in order, and lets promises settle in between. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settled();
    for (;;) {
      const [next] = this.#due.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#due = this.#due.filter((other) => other !== next);
      this.#now = next.at;
      next.run();
      await settled();
    }
    this.#now = end;
  }
}

/** Everything that is already decided has happened. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
