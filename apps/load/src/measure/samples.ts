const FIRST_CAPACITY = 4096;

/** Milliseconds; all 0 when nothing was measured. */
export interface Percentiles {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Every single value, none of them rounded into a bucket: microseconds up to an hour. */
export class Samples {
  private values = new Uint32Array(FIRST_CAPACITY);
  private count = 0;

  get length(): number {
    return this.count;
  }

  add(microseconds: number): void {
    if (this.count === this.values.length) {
      const larger = new Uint32Array(this.count * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.count] = Math.max(0, microseconds);
    this.count += 1;
  }

  /** The values of positions `from` to before `to`, as they came. */
  slice(from = 0, to = this.count): Uint32Array {
    return this.values.slice(from, Math.min(to, this.count));
  }
}

/** The smallest value that at least `share` (0 to 1) of all values do not exceed. */
export function quantile(sorted: Uint32Array, share: number): number {
  if (sorted.length === 0) return 0;
  const rank = Math.ceil(share * sorted.length);
  return sorted[Math.min(sorted.length, Math.max(1, rank)) - 1] ?? 0;
}

const inMs = (microseconds: number): number => Math.round(microseconds) / 1000;

/** @param values microseconds, in any order */
export function percentiles(values: Uint32Array): Percentiles {
  const sorted = values.toSorted();
  let sum = 0;
  for (const value of sorted) sum += value;
  const at = (share: number): number => inMs(quantile(sorted, share));
  return {
    count: sorted.length,
    mean: inMs(sum / Math.max(1, sorted.length)),
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    p999: at(0.999),
    max: at(1),
  };
}

/** Share of the values that do not exceed `limit`; 1 without values. */
export function shareWithin(values: Uint32Array, limit: number): number {
  let within = 0;
  for (const value of values) if (value <= limit) within += 1;
  return values.length === 0 ? 1 : within / values.length;
}
