/** Where the time comes from, so that tests can set it. */
export abstract class Clock {
  /** Milliseconds since 1970 UTC. */
  abstract now(): number;
}

export class SystemClock extends Clock {
  override now(): number {
    return Date.now();
  }
}
