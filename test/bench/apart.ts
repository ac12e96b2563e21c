import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import type { Stack } from '@parley/deploy';

/** All threads of a process; `cores` as taskset lists them. */
const keepTo = (cores: string, pid: number): void => void execFileSync('taskset', ['-apc', cores, String(pid)]);

/**
 * Runs a load whose generator needs as much of the machine as the system does: it gets the last core for itself and the
 * system all others, so that what is measured is the system and not what the generator leaves of it. `place` gives another
 * process the cores of the system.
 */
export async function apart<T>(stack: Stack, load: (place: (pid: number) => void) => Promise<T>): Promise<T> {
  const last = availableParallelism() - 1;
  const names = await stack.table.names();
  const running = await Promise.all(names.map((name) => stack.table.running(name)));
  const pids = running.flatMap((process) => process?.pid ?? []);
  const place = (pid: number): void => {
    if (last > 0) keepTo(`0-${last - 1}`, pid);
  };
  for (const pid of pids) place(pid);
  keepTo(String(last), process.pid);
  try {
    return await load(place);
  } finally {
    for (const pid of [...pids, process.pid]) keepTo(`0-${last}`, pid);
  }
}
