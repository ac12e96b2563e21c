import { spawn } from 'node:child_process';
import { QUIET } from '../node-options.js';
import { inWorkspace, workspaceRoot } from '../workspace.js';
import { interruption } from './output.js';

/** The program that hurts a system of its own while people chat, and judges. */
export const chaosCommand = (args: readonly string[]): [string, ...string[]] => [
  process.execPath,
  QUIET,
  inWorkspace('test', 'chaos', 'dist', 'run', 'main.js'),
  ...args,
];

/** `chaos [FAULT]... [--quick] [--seed N] [--times N]`: faults under load, and whether every promise was kept. */
export async function chaos(args: readonly string[]): Promise<number> {
  const signal = interruption();
  const [program, ...rest] = chaosCommand(args);
  const run = spawn(program, rest, { cwd: workspaceRoot, stdio: ['ignore', 'inherit', 'inherit'] });
  signal.addEventListener('abort', () => void run.kill('SIGTERM'), { once: true });
  return new Promise((resolve) => run.once('close', (code) => resolve(code ?? 1)));
}
