/**
 * The results of all of it, or the first failure once nothing of it runs any more: what failed is tried again, and must not
 * meet its own remains.
 */
export async function settled<T>(work: Iterable<Promise<T>>): Promise<T[]> {
  const outcomes = await Promise.allSettled(work);
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}
