import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HistoryFile, historyPath } from './history-file.js';

let home: string;
let path: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'parley-history-'));
  path = historyPath({ XDG_STATE_HOME: home });
});
afterEach(() => rmSync(home, { recursive: true }));

describe('the history file', () => {
  it('gives the commands of earlier sessions, the newest first, and keeps nothing else', () => {
    const earlier = new HistoryFile(path);
    for (const line of [' /channels ', 'hello bob', '/login ann secret99', '/enter 3']) earlier.add(line);
    new HistoryFile(path).add('/leave');
    expect(new HistoryFile(path).load()).toEqual(['/leave', '/enter 3', '/channels']);
    expect(readFileSync(path, 'utf8')).toBe('/channels\n/enter 3\n/leave\n');
  });

  it('can be read by its owner alone', () => {
    new HistoryFile(path).add('/channels');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('gives the newest 500 lines, and is cut to them when it has grown to twice as many', () => {
    const file = new HistoryFile(path);
    file.add('/enter 0');
    const written = Array.from({ length: 1_001 }, (_, number) => `/enter ${number}`);
    writeFileSync(path, `${written.join('\n')}\n`);
    const newest = written.slice(-500);
    expect(file.load()).toEqual(newest.toReversed());
    expect(readFileSync(path, 'utf8')).toBe(`${newest.join('\n')}\n`);
  });

  it('is empty, and takes nothing, where it cannot be', () => {
    const nowhere = new HistoryFile(join('/dev/null', 'terminal-history'));
    nowhere.add('/channels');
    expect(nowhere.load()).toEqual([]);
  });
});
