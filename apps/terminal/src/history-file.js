import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { isSecret } from './commands.js';
const MAX_LINES = 500;
export function historyPath(env) {
  const state = env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state');
  return join(state, 'parley', 'terminal-history');
}
/** Commands only: what was said in a channel does not belong in a file, and passwords nowhere. */
export const isKept = (line) => line.trimStart().startsWith('/') && !isSecret(line);
/** Newest first, as readline wants it. */
export function loadHistory(path) {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean).reverse();
  } catch {
    return [];
  }
}
/** Losing the history is no reason to fail. */
export function saveHistory(path, newestFirst) {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const lines = newestFirst.filter(isKept).slice(0, MAX_LINES).reverse();
    writeFileSync(path, lines.map((line) => `${line}\n`).join(''), { mode: 0o600 });
  } catch {
    // A read-only home, a full disk: the program works without.
  }
}
//# sourceMappingURL=history-file.js.map
