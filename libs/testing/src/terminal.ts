import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.js';

export const TERMINAL_PROGRAM = fileURLToPath(new URL('../../../apps/terminal/dist/main.js', import.meta.url));

/** The terminal client as a process of its own, driven through pipes as a script would do it. */
export class Terminal implements AsyncDisposable {
  /** Everything it has said, line by line. */
  readonly lines: string[] = [];
  /** Exit code, once it has ended by itself and said its last word. */
  readonly ended: Promise<number | null>;
  private readonly child;
  private read = 0;

  constructor(...options: readonly string[]) {
    this.child = spawn(process.execPath, [TERMINAL_PROGRAM, ...options], { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: this.child.stdout }).on('line', (line) => this.lines.push(line));
    this.ended = once(this.child, 'close').then(([code]) => (typeof code === 'number' ? code : null));
  }

  /** Types a line and waits until the program says `until`, or a line that fits it; lines seen before do not count. */
  async type(line: string, until: string | RegExp): Promise<string> {
    this.child.stdin.write(`${line}\n`);
    return this.says(until);
  }

  /** Waits for a line after the ones that were waited for before. */
  async says(expected: string | RegExp): Promise<string> {
    const fits = (line: string) => (typeof expected === 'string' ? line === expected : expected.test(line));
    return eventually(() => {
      const at = this.lines.findIndex((line, index) => index >= this.read && fits(line));
      if (at < 0) throw new Error(`The terminal has not said ${String(expected)}:\n${this.lines.join('\n')}`);
      this.read = at + 1;
      return this.lines[at] ?? '';
    }, 20_000);
  }

  /** Nothing more is typed. */
  endInput(): void {
    this.child.stdin.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}
