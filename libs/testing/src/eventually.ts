import { setTimeout as delay } from 'node:timers/promises';

/** Tries until it succeeds; the last failure is thrown when the time (ms) is over. */
export async function eventually<T>(attempt: () => T | Promise<T>, withinMs = 10_000): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() >= deadline) throw error;
    }
    await delay(25);
  }
}
