import { seq, type Seq } from '@parley/protocol';

export interface Placed<T> {
  readonly seq: Seq;
  readonly item: T;
}

/** What to do about messages that are missing: nothing, ask for them now, or wait for an answer already asked for. */
export type Missing = 'none' | 'ask' | 'awaited';

/**
 * Puts the messages of one channel into their order: 1, 2, 3 ... without gaps or repetitions, however they arrive.
 * What comes too early is held until the messages before it have been replayed.
 */
export class ChannelCursor<T> {
  private readonly held = new Map<Seq, T>();
  /** Highest sequence that is known to be stored. */
  private known: Seq;
  private asked: { readonly after: Seq; readonly at: number } | undefined;

  /**
   * @param position last sequence that needs no delivery
   * @param maxHeld messages kept while others are missing; those beyond it are replayed as well
   */
  constructor(
    private position: Seq,
    private readonly maxHeld = 5_000,
  ) {
    this.known = position;
  }

  get last(): Seq {
    return this.position;
  }

  /** True: deliver it now, then what `released` gives. False: it was repeated, or has to wait. */
  accept(at: Seq, item: T): boolean {
    if (at <= this.position) return false;
    if (at > this.known) this.known = at;
    if (at === this.position + 1) {
      this.position = at;
      return true;
    }
    if (this.held.size < this.maxHeld) this.held.set(at, item);
    return false;
  }

  /** Takes out held messages that are next now. */
  released(): Placed<T>[] {
    const ready: Placed<T>[] = [];
    while (this.held.size > 0) {
      const next = seq(this.position + 1);
      const item = this.held.get(next);
      if (item === undefined) break;
      this.held.delete(next);
      this.position = next;
      ready.push({ seq: next, item });
    }
    return ready;
  }

  /**
   * Takes in the answer to a replay: all that is stored after the sequence asked for, up to `last`.
   * Returns what to deliver now, in order.
   */
  fill(found: readonly Placed<T>[], last: Seq): Placed<T>[] {
    if (last > this.known) this.known = last;
    for (const { seq: at, item } of found) if (at > this.position && !this.held.has(at)) this.held.set(at, item);
    // An answer to exactly this position is the whole truth: what it skips does not exist and must not hold up the rest.
    const truth = this.asked?.after === this.position ? (found.at(-1)?.seq ?? this.position) : this.position;
    const before = this.position;
    const ready = this.released();
    for (let next = this.firstHeld(); next !== undefined && next <= truth; next = this.firstHeld()) {
      this.position = seq(next - 1);
      ready.push(...this.released());
    }
    // Without progress the next question would get the same answer: that one waits for its time.
    if (this.position > before) this.asked = undefined;
    return ready;
  }

  /** Somebody has been told that the channel reaches this far. */
  expect(last: Seq): void {
    if (last > this.known) this.known = last;
  }

  /** Somebody has nothing after `to`: everything from there is delivered again. */
  rewind(to: Seq): void {
    if (to < this.position) this.position = to;
  }

  /** @param retryMs after this long without an answer that helped, it is time to ask again; times in ms */
  missing(now: number, retryMs: number): Missing {
    if (this.held.size === 0 && this.known <= this.position) return 'none';
    return this.asked === undefined || now - this.asked.at >= retryMs ? 'ask' : 'awaited';
  }

  /** The replay after `last` is being asked for. */
  asking(now: number): void {
    this.asked = { after: this.position, at: now };
  }

  private firstHeld(): Seq | undefined {
    let first: Seq | undefined;
    for (const at of this.held.keys()) if (first === undefined || at < first) first = at;
    return first;
  }
}
