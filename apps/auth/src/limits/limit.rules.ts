import { z } from 'zod';

export const WINDOW_SECONDS = 60;

const Counted = z.tuple([z.number(), z.number()]);

/**
 * What to tell somebody who is over the limit: seconds until the window ends, at least 1; undefined within the limit.
 * @param counted attempts in this window, the current one included, and the seconds that are left of it
 */
export function retryAfterSeconds(counted: unknown, limit: number): number | undefined {
  const [attempts, secondsLeft] = Counted.parse(counted);
  return attempts > limit ? Math.max(1, secondsLeft) : undefined;
}
