import type { Random } from './clock.js';

export interface BackoffLimits {
  readonly baseMs: number;
  readonly maxMs: number;
}

export const RECONNECT_BACKOFF: BackoffLimits = { baseMs: 500, maxMs: 30_000 };

/** Full jitter: anywhere between nothing and a bound that doubles with each attempt (0, 1, 2 ...). */
export function backoff(attempt: number, random: Random, { baseMs, maxMs }: BackoffLimits = RECONNECT_BACKOFF): number {
  return Math.round(random() * Math.min(maxMs, baseMs * 2 ** attempt));
}
