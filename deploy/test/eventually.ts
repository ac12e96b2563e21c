import { setTimeout as delay } from 'node:timers/promises';

/** Repeats the expectation until it holds; after `timeoutMs` its own failure is the test's. */
export async function eventually<T>(expectation: () => Promise<T> | T, timeoutMs = 10_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await expectation();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(50);
    }
  }
}
