const RUNS = 5;

/**
 * CPU of this process for one message, in microseconds: the best of some runs, which noise has touched least. Each run works
 * on inputs that are made before it begins.
 */
export async function cpuOf<T>(
  inputs: () => readonly T[],
  messagesEach: number,
  work: (input: T) => unknown,
): Promise<number> {
  let best = Infinity;
  // The first run warms up.
  for (let run = 0; run <= RUNS; run += 1) {
    const all = inputs();
    const before = process.cpuUsage();
    for (const input of all) await work(input);
    const { user, system } = process.cpuUsage(before);
    if (run > 0) best = Math.min(best, (user + system) / (all.length * messagesEach));
  }
  return best;
}
