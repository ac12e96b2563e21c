import { spawn } from 'node:child_process';
import { DeployError } from '../errors.js';
import { inheritedEnvironment } from './process-table.js';

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What the failure message names, such as `apt-get install`. */
  readonly what: string;
}

/** The lines that look like the reason; where none does, the last ones. */
function explanation(said: string): string {
  const lines = said.split('\n').filter((line) => line.trim() !== '');
  const reasons = lines.filter((line) => /^(E:|\[ERROR\]|.*\berror\b)/i.test(line)).slice(0, 2);
  return (reasons.length > 0 ? reasons : lines.slice(-3)).join(' | ').slice(0, 600);
}

const children = new Set<ReturnType<typeof spawn>>();

/** Ends what still runs for us; called when we are interrupted ourselves. */
export function endRunningPrograms(): void {
  for (const child of children) child.kill('SIGTERM');
}

/** Runs a program to its end and returns its standard output; a failure carries the last lines it said. */
export function run(command: readonly [string, ...string[]], { cwd, env, what }: RunOptions): Promise<string> {
  const [program, ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...inheritedEnvironment(), ...env },
      ...(cwd === undefined ? {} : { cwd }),
    });
    children.add(child);
    const output: string[] = [];
    const errors: string[] = [];
    child.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
    const fail = (reason: string) => reject(new DeployError(`${what} failed: ${reason}`));
    child.once('error', (error) => fail(error.message));
    child.once('close', (code, signal) => {
      children.delete(child);
      if (code === 0) return resolve(output.join(''));
      return fail(`${signal ?? `exit ${code}`}: ${explanation(`${output.join('')}\n${errors.join('')}`)}`);
    });
  });
}
