import { readFile, writeFile } from 'node:fs/promises';
import { type Fault, REACH_WITHIN_MS, RESUME_WITHIN_MS } from '../faults/fault.js';
import type { Trial } from './trial.js';

const BEGIN = '<!-- begin of results: written by npm run chaos -->';
const END = '<!-- end of results -->';
const HEAD = [
  '| Fault | Struck | Longest pause of writes, shard 1 / 2 | Writes flow after its end, shard 1 / 2 | What people were told | Verdict | Run |',
  '| ----- | ------ | ------ | ------ | ------ | ------ | ------ |',
];

const seconds = (perShard: ReadonlyMap<number, number>): string =>
  [...perShard]
    .sort(([a], [b]) => a - b)
    .map(([, ms]) => `${(ms / 1000).toFixed(1)} s`)
    .join(' / ') || '-';

/** Did the system keep all promises and come back in time? @param patience so many times the limits are in time */
export const passed = (trial: Trial, patience = 1): boolean =>
  trial.violations.length === 0 && trial.stuck === undefined && !isLate(trial, patience);

function isLate(trial: Trial, patience = 1): boolean {
  const { resumedMs, resumeWithinMs = RESUME_WITHIN_MS, longestPauseMs, pauseWithinMs = Infinity, reachedMs } = trial;
  const exceeds = (perShard: ReadonlyMap<number, number>, limitMs: number): boolean =>
    [...perShard.values()].some((ms) => ms > limitMs * patience);
  return (
    exceeds(resumedMs, resumeWithinMs) ||
    exceeds(longestPauseMs, pauseWithinMs) ||
    reachedMs > REACH_WITHIN_MS * patience
  );
}

/** The checker's judgement in a few words. */
export function verdict(trial: Trial): string {
  const { violations, stuck, messages } = trial;
  if (stuck !== undefined) return `**not finished**: ${stuck.replaceAll('|', '/').split('\n')[0] ?? ''}`;
  if (violations.length > 0) {
    const rules = [...Map.groupBy(violations, ({ rule }) => rule)].map(([rule, all]) => `${all.length} × ${rule}`);
    return `**broken**: ${rules.join(', ')}`;
  }
  return `${isLate(trial) ? '**late**, ' : ''}0 lost, 0 doubled, 0 inverted of ${messages}`;
}

export interface RunInfo {
  readonly date: string;
  readonly versions: string;
}

/** One row of the table. */
export function row(fault: Fault, trial: Trial, { date, versions }: RunInfo): string {
  const told = trial.complaints
    .toSorted((a, b) => b.count - a.count)
    .map(({ text, count }) => `${count} × ${text}`)
    .slice(0, 6)
    .join('<br>');
  const cells = [
    `${fault.title} (\`${fault.name}\`)`,
    [`${trial.times} ×`, ...trial.hit].join(' '),
    seconds(trial.longestPauseMs),
    seconds(trial.resumedMs),
    told || 'nothing',
    verdict(trial),
    `${date}, seed ${trial.seed}, ${versions}`,
  ];
  return `| ${cells.join(' | ')} |`;
}

/** The row of a fault that cannot be tried here. */
export const missingRow = (fault: Fault, why: string): string =>
  `| ${fault.title} (\`${fault.name}\`) | - | - | - | - | not tried: ${why} | - |`;

const nameIn = (line: string): string | undefined => /\(`([a-z-]+)`\)/.exec(line)?.[1];

/**
 * The page with these rows, in the order of `faults`; rows of faults that were not run stay as they are. Below them stands
 * what the newest ones were made with.
 */
export function withResults(
  page: string,
  faults: readonly Fault[],
  rows: ReadonlyMap<string, string>,
  madeWith: string,
): string {
  const [before, rest] = page.split(BEGIN);
  const [old, after] = rest?.split(END) ?? [];
  if (before === undefined || old === undefined || after === undefined)
    throw new Error('The page has no place for results');
  const known = new Map(old.split('\n').flatMap((line) => [[nameIn(line), line] as const]));
  const lines = faults.flatMap(({ name }) => rows.get(name) ?? known.get(name) ?? []);
  return `${before}${BEGIN}\n\n${[...HEAD, ...lines].join('\n')}\n\n${madeWith}\n\n${END}${after}`;
}

export async function record(file: string, ...results: [readonly Fault[], ReadonlyMap<string, string>, string]) {
  await writeFile(file, withResults(await readFile(file, 'utf8'), ...results));
}
