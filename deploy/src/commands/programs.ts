import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { DeployError } from '../errors.js';
import { QUIET } from '../node-options.js';
import { inWorkspace } from '../workspace.js';

/** A command that is a program of its own: arguments, terminal and exit code are the program's. */
const program =
  (path: string) =>
  (args: readonly string[]): Promise<number> => {
    const file = inWorkspace(path);
    if (!existsSync(file)) throw new DeployError(`${path} is missing: run npm run build`);
    const child = spawn(process.execPath, [QUIET, file, ...args], { stdio: 'inherit' });
    // A terminal sends SIGINT to the program as well, which decides what it means.
    process.on('SIGINT', () => undefined);
    process.once('SIGTERM', () => child.kill());
    return new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
  };

/** `load [options]`: the load generator, against a running stack. */
export const load = program('apps/load/dist/main.js');

/** `bench [names] [options]`: the benchmarks, on a stack of their own. */
export const bench = program('test/bench/main.ts');
