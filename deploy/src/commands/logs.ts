import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { DeployError } from '../errors.js';
import { ProcessTable } from '../native/process-table.js';
import { PROFILES } from '../topology.js';
import { runDir, startedStacks } from './run-stacks.js';

/** `logs <name>`: shows the end of a process's log and follows it until interrupted. */
export async function logs([name]: readonly string[]): Promise<number> {
  const stacks = await startedStacks();
  const tables =
    stacks.length > 0 ? stacks.map((stack) => stack.table) : PROFILES.map((one) => new ProcessTable(runDir(one)));
  const file = name && tables.map((table) => table.logFile(name)).find((path) => existsSync(path));
  if (!file) {
    const names = (await Promise.all(tables.map((table) => table.names()))).flat();
    const known = names.length > 0 ? `there are ${names.join(', ')}` : 'start the system first with npm start';
    throw new DeployError(
      `${name ? `no log of ${name}` : 'name a process, as in npm run logs -- message-1'}: ${known}`,
    );
  }
  const tail = spawn('tail', ['-n', '100', '-F', file], { stdio: ['ignore', 'inherit', 'ignore'] });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => tail.kill());
  await new Promise((resolve) => tail.once('close', resolve));
  return 0;
}
