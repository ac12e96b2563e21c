import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { coloursFor, linesIn, type Screen } from './screen.js';
import type { Shell } from './shell.js';

/** Lines out, nothing else: no prompt, no colours, no cursor. */
export function plainScreen(output: Writable): Screen {
  const lines = linesIn(coloursFor(false, {}));
  const write = (line: string): void => void output.write(`${line}\n`);
  return {
    system: (text) => write(lines.system(text)),
    problem: (text) => write(lines.problem(text)),
    message: (username, content, mine) => write(lines.message(username, content, mine)),
    clear: () => undefined,
    askSecret: () => Promise.resolve(undefined),
  };
}

/** Resolves when the reader of a pipe, or the terminal, has gone. What is written from then on, the goodbye too, fails and is no news. */
export function readerGone(output: Writable): Promise<void> {
  return new Promise((resolve) => output.on('error', () => resolve()));
}

/** One line after the other; the next one starts when the last one's result is out. The end of the input is `/exit`. */
export async function runPlain(shell: Shell, input: Readable): Promise<void> {
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    await shell.handle(line);
    if (shell.exited) return;
  }
  await shell.handle('/exit');
}
