import { DependencyUnavailable } from './errors.js';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** How long to wait after the given failed attempt (1 is the first). */
export function backoffMs(failedAttempts: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failedAttempts - 1, 10));
}

/** `set aside`: the records themselves are at fault, as far as one can tell. */
export function afterFailure(error: unknown, failedAttempts: number, maxAttempts: number): 'retry' | 'set aside' {
  if (error instanceof DependencyUnavailable) return 'retry';
  return failedAttempts < maxAttempts ? 'retry' : 'set aside';
}
