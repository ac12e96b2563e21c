import { readdir, readFile } from 'node:fs/promises';
import type { Stack } from '@parley/deploy';

/** What one process of the stack, with the processes it started, has used so far. */
export interface ProcessUse {
  readonly name: string;
  readonly cpuSeconds: number;
  readonly rssMiB: number;
}

/** Clock ticks per second in /proc: a constant of the kernel's interface. */
const TICKS = 100;
const PAGE_BYTES = 4096;
const MEBIBYTE = 1024 * 1024;

interface Stat {
  readonly session: number;
  readonly cpuSeconds: number;
  readonly rssMiB: number;
}

/** Reads a line of /proc/<pid>/stat. */
export function parseStat(text: string): Stat {
  // The name, in parentheses, may itself hold spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (index: number): number => Number(fields[index] ?? 0);
  return {
    session: field(3),
    cpuSeconds: (field(11) + field(12)) / TICKS,
    rssMiB: (field(21) * PAGE_BYTES) / MEBIBYTE,
  };
}

const readStat = async (pid: number): Promise<Stat | undefined> =>
  readFile(`/proc/${pid}/stat`, 'utf8').then(parseStat, () => undefined);

/** Every process of a stack with what it has used; each leads a session of its own, so its children count with it. */
export async function usedBy(stack: Stack): Promise<ProcessUse[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const stats = (await Promise.all(pids.map(readStat))).filter((stat) => stat !== undefined);
  const bySession = Map.groupBy(stats, (stat) => stat.session);
  const uses = await Promise.all(
    (await stack.table.names()).map(async (name): Promise<ProcessUse[]> => {
      const running = await stack.table.running(name);
      const own = running && bySession.get(running.pid);
      if (own === undefined) return [];
      const sum = (what: (stat: Stat) => number): number => own.reduce((total, stat) => total + what(stat), 0);
      return [{ name, cpuSeconds: sum((stat) => stat.cpuSeconds), rssMiB: Math.round(sum((stat) => stat.rssMiB)) }];
    }),
  );
  return uses.flat().toSorted((a, b) => a.name.localeCompare(b.name));
}

/** One process by its id, without those it started; nothing when it has ended. */
export async function usedByProcess(name: string, pid: number): Promise<ProcessUse[]> {
  const stat = await readStat(pid);
  return stat === undefined ? [] : [{ name, cpuSeconds: stat.cpuSeconds, rssMiB: Math.round(stat.rssMiB) }];
}

/** What was used between two looks; memory is that of the later one. */
export function usedBetween(before: readonly ProcessUse[], after: readonly ProcessUse[]): ProcessUse[] {
  const earlier = new Map(before.map((use) => [use.name, use.cpuSeconds]));
  return after.map((use) => ({
    ...use,
    cpuSeconds: Math.max(0, Math.round((use.cpuSeconds - (earlier.get(use.name) ?? 0)) * TICKS) / TICKS),
  }));
}
