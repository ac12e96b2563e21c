import { rm } from 'node:fs/promises';
import type { ProcessTable } from '../native/process-table.js';

/** Which of the recorded processes end first: those that use others go before those that are used. */
function stageOf(name: string): number {
  if (/^(auth|connection|message|push)-/.test(name)) return 0;
  return name.startsWith('nginx-') ? 1 : 2;
}

const SERVER_GRACE_MS = 15_000;

/** Stops every recorded process: services, then load balancers, then servers; those of one stage side by side. */
export async function stopProcesses(table: ProcessTable, serviceGraceMs = 10_000): Promise<number> {
  const names = await table.names();
  for (const stage of [0, 1, 2]) {
    const grace = stage === 2 ? SERVER_GRACE_MS : serviceGraceMs;
    await Promise.all(names.filter((name) => stageOf(name) === stage).map((name) => table.stop(name, grace)));
  }
  await rm(`${table.stateDir}/stack.json`, { force: true });
  return names.length;
}
