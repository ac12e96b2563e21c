/** A delay that can be called off. */
export interface Timer {
  cancel(): void;
}

/** Where time comes from; tests put their own in place. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  after(milliseconds: number, run: () => void): Timer;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(milliseconds, run) {
    const handle = setTimeout(run, milliseconds);
    return { cancel: () => clearTimeout(handle) };
  },
};

/** A number in [0, 1), as Math.random gives it. */
export type Random = () => number;
