export type Verdict = 'pass' | 'refuse' | 'flood';

/**
 * How many frames a socket may still send: a bucket that fills at a steady rate. Frames over it are refused and go on
 * the bill as well, so a sender that does not slow down owes more and more; one who owes a second burst is flooding.
 */
export class FrameBudget {
  private left: number;
  private countedAt: number;

  constructor(
    private readonly limits: { readonly perSecond: number; readonly burst: number },
    /** ms, of the same clock as every later call. */
    now: number,
  ) {
    this.left = limits.burst;
    this.countedAt = now;
  }

  take(now: number): Verdict {
    const { perSecond, burst } = this.limits;
    this.left = Math.min(burst, this.left + ((now - this.countedAt) / 1000) * perSecond);
    this.countedAt = now;
    this.left -= 1;
    if (this.left >= 0) return 'pass';
    return this.left < -burst ? 'flood' : 'refuse';
  }

  /** The frame just taken turned out to be one that costs nothing. */
  giveBack(): void {
    this.left += 1;
  }
}
