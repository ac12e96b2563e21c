/**
 * The results of all of it, or the first failure once nothing of it runs any more: what failed is tried again, and must not
 * meet its own remains.
 */
export async function settled<T extends readonly unknown[] | []>(work: { [K in keyof T]: Promise<T[K]> }): Promise<T> {
  const outcomes = await Promise.allSettled(work as readonly Promise<unknown>[]);
  const results = outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
  return results as unknown as T;
}
