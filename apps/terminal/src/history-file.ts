import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { isSecret } from './commands.js';

const MAX_LINES = 500;

export function historyPath(env: NodeJS.ProcessEnv): string {
  const state = env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state');
  return join(state, 'parley', 'terminal-history');
}

/** Commands only: what was said in a channel does not belong in a file, and passwords nowhere. */
export const isKept = (line: string): boolean => line.trimStart().startsWith('/') && !isSecret(line);

/** Commands of earlier sessions; several programs may add to the file at once. Losing it is no reason to fail. */
export class HistoryFile {
  constructor(private readonly path: string) {}

  /** Newest first, as readline wants it. */
  load(): string[] {
    try {
      const lines = readFileSync(this.path, 'utf8').split('\n').filter(Boolean);
      const newest = lines.slice(-MAX_LINES);
      if (lines.length > 2 * MAX_LINES) this.#write(() => writeFileSync(this.path, text(newest), { mode: 0o600 }));
      return newest.reverse();
    } catch {
      return [];
    }
  }

  add(line: string): void {
    if (!isKept(line)) return;
    this.#write(() => {
      mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
      appendFileSync(this.path, text([line.trim()]), { mode: 0o600 });
    });
  }

  /** A read-only home or a full disk: the program works without. */
  #write(write: () => void): void {
    try {
      write();
    } catch {
      return;
    }
  }
}

const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
