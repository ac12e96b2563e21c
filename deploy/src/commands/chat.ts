import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { DeployError } from '../errors.js';
import { inWorkspace } from '../workspace.js';
import { startedStacks } from './run-stacks.js';

/** Where to ask for servers, unless the user says it: the client would guess at three addresses, of which one is there. */
async function whereToAsk(args: readonly string[]): Promise<string[]> {
  if (args.some((arg) => /^--(consul|server|help)\b/.test(arg))) return [];
  const [stack] = await startedStacks();
  return stack === undefined ? [] : ['--consul', stack.urls.consul.join(',')];
}

/** `chat [args]`: the terminal client, with the arguments and the terminal as they are. */
export async function chat(args: readonly string[]): Promise<number> {
  const program = inWorkspace('apps', 'terminal', 'dist', 'main.js');
  if (!existsSync(program)) throw new DeployError('apps/terminal/dist/main.js is missing: run npm run build');
  const client = spawn(process.execPath, [program, ...(await whereToAsk(args)), ...args], { stdio: 'inherit' });
  // The client decides what Ctrl-C means.
  process.on('SIGINT', () => undefined);
  process.once('SIGTERM', () => client.kill());
  return new Promise((resolve) => client.once('close', (code) => resolve(code ?? 1)));
}
