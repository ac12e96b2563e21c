import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { DeployError } from '../errors.js';
import { inWorkspace } from '../workspace.js';
import type { Stack } from '../stack/stack.js';
import { startedStacks } from './run-stacks.js';

/** Where to ask for servers, unless the user says it: the client would guess at three addresses, of which one is there. */
function whereToAsk(args: readonly string[], stack: Stack | undefined): string[] {
  if (args.some((arg) => /^--(consul|server|help)\b/.test(arg))) return [];
  return stack === undefined ? [] : ['--consul', stack.urls.consul.join(',')];
}

/** A certificate that we have made for this machine is trusted; one of the operator has an authority of its own. */
function trusting(stack: Stack | undefined): Record<string, string> {
  const certificate = stack?.description.tls?.certificate;
  return certificate?.startsWith(`${stack?.description.stateDir}/`) ? { NODE_EXTRA_CA_CERTS: certificate } : {};
}

/** `chat [args]`: the terminal client, with the arguments and the terminal as they are. */
export async function chat(args: readonly string[]): Promise<number> {
  const program = inWorkspace('apps', 'terminal', 'dist', 'main.js');
  if (!existsSync(program)) throw new DeployError('apps/terminal/dist/main.js is missing: run npm run build');
  const [stack] = await startedStacks();
  const client = spawn(process.execPath, [program, ...whereToAsk(args, stack), ...args], {
    stdio: 'inherit',
    env: { ...process.env, ...trusting(stack) },
  });
  // The client decides what Ctrl-C means.
  process.on('SIGINT', () => undefined);
  process.once('SIGTERM', () => client.kill());
  return new Promise((resolve) => client.once('close', (code) => resolve(code ?? 1)));
}
