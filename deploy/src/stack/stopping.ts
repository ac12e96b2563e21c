import { rm } from 'node:fs/promises';
import type { ProcessTable } from '../native/process-table.js';

const LAST_STAGE = 3;

/** Which of the recorded processes end first: those that use others go before those that are used. */
function stageOf(name: string): number {
  if (/^(auth|connection|message|push)-/.test(name)) return 0;
  if (!name.startsWith('nginx-')) return LAST_STAGE;
  // An agent starts its nginx again when that ends, until it has ended itself.
  return name.endsWith('-master') ? 2 : 1;
}

const SERVER_GRACE_MS = 15_000;

/** Stops every recorded process: services, then load balancers, then servers; those of one stage side by side. */
export async function stopProcesses(table: ProcessTable, serviceGraceMs = 10_000): Promise<number> {
  let stopped = 0;
  for (let stage = 0; stage <= LAST_STAGE; stage += 1) {
    const grace = stage === LAST_STAGE ? SERVER_GRACE_MS : serviceGraceMs;
    const names = (await table.names()).filter((name) => stageOf(name) === stage);
    await Promise.all(names.map((name) => table.stop(name, grace)));
    stopped += names.length;
  }
  await rm(`${table.stateDir}/stack.json`, { force: true });
  return stopped;
}
