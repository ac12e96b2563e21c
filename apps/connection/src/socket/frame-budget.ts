import type { SocketLimits } from '../config.js';

export type Verdict = 'pass' | 'refuse' | 'flood';

/**
 * How many frames a socket may still send: a bucket that fills at a steady rate. Frames over it are refused and go on
 * the bill as well, so a sender that does not slow down owes more and more; one who owes a second burst is flooding.
 */
export class FrameBudget {
  private left: number;
  private countedAt: number;

  constructor(
    private readonly limits: Pick<SocketLimits, 'framesPerSecond' | 'framesBurst'>,
    /** ms, of the same clock as every later call. */
    now: number,
  ) {
    this.left = limits.framesBurst;
    this.countedAt = now;
  }

  take(now: number): Verdict {
    const { framesPerSecond, framesBurst } = this.limits;
    this.left = Math.min(framesBurst, this.left + ((now - this.countedAt) / 1000) * framesPerSecond);
    this.countedAt = now;
    this.left -= 1;
    if (this.left >= 0) return 'pass';
    return this.left < -framesBurst ? 'flood' : 'refuse';
  }

  /** The frame just taken turned out to be one that costs nothing. */
  giveBack(): void {
    this.left += 1;
  }
}
