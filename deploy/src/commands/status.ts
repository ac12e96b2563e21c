import type { ProcessStatus } from '../stack/stack.js';
import { say } from './output.js';
import { startedStacks } from './run-stacks.js';

const HEADINGS = ['PROCESS', 'PORT', 'PID', 'HEALTH', 'MEMORY'];

const cells = (row: ProcessStatus): string[] => [
  row.name,
  String(row.port ?? ''),
  String(row.pid ?? ''),
  row.health,
  row.pid === undefined ? '' : `${row.memoryMiB} MiB`,
];

export function statusTable(rows: readonly ProcessStatus[]): string {
  const table = [HEADINGS, ...rows.map(cells)];
  const widths = HEADINGS.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0)));
  const lines = table.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const total = rows.reduce((sum, row) => sum + row.memoryMiB, 0);
  return [...lines, `${rows.length} processes, ${total} MiB`].join('\n');
}

/** `status`: a line for each process. The exit code is 0 when all are ready, 1 otherwise. */
export async function status(): Promise<number> {
  const stacks = await startedStacks();
  if (stacks.length === 0) say('Nothing is running. Start with npm start.');
  let healthy = stacks.length > 0;
  for (const stack of stacks) {
    const rows = await stack.status();
    healthy &&= rows.every((row) => row.health === 'ready');
    say(`Profile ${stack.description.profile}`);
    say(statusTable(rows));
  }
  return healthy ? 0 : 1;
}
