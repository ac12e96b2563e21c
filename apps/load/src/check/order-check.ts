/** What one receiver has seen of one channel; each number is 0 in a system that keeps its promises. */
export interface OrderVerdict {
  readonly lost: number;
  readonly doubled: number;
  readonly outOfOrder: number;
}

/**
 * Follows the sequences of one channel at one receiver. Messages of others arrive as notifications, own ones as
 * acknowledgements; together they must be 1, 2, 3 ... from where the receiver entered, each once, and each kind in
 * order. The two kinds may overtake each other.
 */
export class OrderCheck {
  /** Seen up to here, except for `missing`. */
  private last: number;
  private notifiedLast: number;
  private ownLast = 0;
  /** Below `last` and not seen: own messages whose acknowledgement is under way, or lost. */
  private readonly missing = new Set<number>();
  private readonly fetchedSeqs = new Set<number>();
  private doubled = 0;
  private outOfOrder = 0;

  /** @param entered the channel's last sequence when the receiver entered it */
  constructor(entered: number) {
    this.last = this.notifiedLast = entered;
  }

  get seenUpTo(): number {
    return this.last;
  }

  /** Everything up to here has come. */
  get wholeUpTo(): number {
    return this.missing.size === 0 ? this.last : Math.min(...this.missing) - 1;
  }

  notified(seq: number): void {
    if (seq <= this.notifiedLast) this.outOfOrder += this.missing.has(seq) ? 1 : 0;
    else this.notifiedLast = seq;
    this.saw(seq);
  }

  acknowledged(seq: number): void {
    // An own message may be in the history before its acknowledgement has come.
    if (this.fetchedSeqs.delete(seq)) return;
    if (seq <= this.ownLast) this.outOfOrder += this.missing.has(seq) ? 1 : 0;
    else this.ownLast = seq;
    this.saw(seq);
  }

  /** A message that was fetched after a reconnection; order is not at stake. */
  fetched(seq: number): void {
    if (seq <= this.last && !this.missing.has(seq)) return;
    this.fetchedSeqs.add(seq);
    this.saw(seq);
  }

  /** @param stored the channel's last sequence at the end; `excused`: own messages that were never acknowledged */
  verdict(stored: number, excused = 0): OrderVerdict {
    const unseen = this.missing.size + Math.max(0, stored - this.last);
    return { lost: Math.max(0, unseen - excused), doubled: this.doubled, outOfOrder: this.outOfOrder };
  }

  private saw(seq: number): void {
    if (seq > this.last) {
      for (let skipped = this.last + 1; skipped < seq; skipped += 1) this.missing.add(skipped);
      this.last = seq;
    } else if (!this.missing.delete(seq)) {
      this.doubled += 1;
    }
  }
}
