import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { DeployError } from '../errors.js';
import { inWorkspace } from '../workspace.js';

/** `chat [args]`: the terminal client, with the arguments and the terminal as they are. */
export async function chat(args: readonly string[]): Promise<number> {
  const program = inWorkspace('apps', 'terminal', 'dist', 'main.js');
  if (!existsSync(program)) throw new DeployError('apps/terminal/dist/main.js is missing: run npm run build');
  const client = spawn(process.execPath, [program, ...args], { stdio: 'inherit' });
  // The client decides what Ctrl-C means.
  process.on('SIGINT', () => undefined);
  process.once('SIGTERM', () => client.kill());
  return new Promise((resolve) => client.once('close', (code) => resolve(code ?? 1)));
}
