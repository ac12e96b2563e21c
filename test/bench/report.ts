import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Profile } from '@parley/deploy';
import { table, thisMachine } from '@parley/load';
import { format, resolveConfig } from 'prettier';
import type { Cell, Report } from './context.ts';

const DOCS = join(import.meta.dirname, '..', '..', 'docs');
const PAGES: Readonly<Record<Profile, string>> = {
  single: join(DOCS, 'performance.md'),
  full: join(DOCS, 'performance-full-profile.md'),
};

function verdict(clean: boolean | undefined): string {
  if (clean === undefined) return '';
  return clean ? 'Nothing was lost, doubled, out of order or left unanswered.' : 'Not clean: promises were broken.';
}

export function show({ title, columns, rows, notes, clean }: Report, seconds: number): void {
  const text = table([columns, ...rows.map((row) => row.map(String))]);
  process.stdout.write(`\n=== ${title} (${seconds.toFixed(0)} s)\n${text}\n${[...notes, verdict(clean)].join('\n')}\n`);
}

/** As `2026-11-29 10:46`. */
export const minute = (date: Date): string => date.toISOString().slice(0, 16).replace('T', ' ');

function measuredNow(): string {
  const { cores, cpu, node } = thisMachine();
  return `Measured ${minute(new Date())} UTC on ${cores} cores (${cpu.trim()}), Node ${node}.`;
}

const line = (cells: readonly unknown[]): string => `| ${cells.join(' | ')} |`;

function markdown({ columns, rows, notes, clean, datedRows = false }: Report): string {
  return [
    line(columns),
    line(columns.map((_, index) => (index === 0 ? '---' : '---:'))),
    ...rows.map(line),
    '',
    ...notes.flatMap((note) => [note, '']),
    [verdict(clean), datedRows ? '' : measuredNow()].join(' ').trim(),
  ].join('\n');
}

/**
 * Puts the table between the marks of its benchmark on the page of the profile. `older` rows, by their first cell, stay as
 * they are on the page.
 */
export const intoDocs = (
  profile: Profile,
  name: string,
  report: Report,
  older: ReadonlySet<Cell> = new Set(),
): Promise<void> =>
  rewrite(profile, name, (before) => {
    const written = new Map(before.split('\n').map((text) => [firstCell(text), text]));
    const kept = (row: readonly Cell[]): readonly Cell[] => {
      const text = older.has(row[0] ?? '') ? written.get(String(row[0])) : undefined;
      return text === undefined ? row : cellsOf(text);
    };
    return markdown({ ...report, rows: report.rows.map(kept) });
  });

/** How long a run of everything takes. */
export const durationIntoDocs = (profile: Profile, form: string, seconds: number): Promise<void> =>
  rewrite(
    profile,
    'duration',
    () => `A run of everything in its ${form} form took ${(seconds / 60).toFixed(1)} minutes. ${measuredNow()}`,
  );

const cellsOf = (row: string): string[] =>
  row
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
const firstCell = (row: string): string | undefined => cellsOf(row)[0];

/** Replaces what is between two marks; without them on the page, nothing happens. */
async function rewrite(profile: Profile, name: string, replace: (before: string) => string): Promise<void> {
  const page = PAGES[profile];
  const text = await readFile(page, 'utf8');
  const [start, end] = [`<!-- bench ${name}: written by npm run bench -->`, `<!-- end of ${name} -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from === -1 || to === -1) return;
  const head = text.slice(0, from + start.length);
  const written = `${head}\n\n${replace(text.slice(head.length, to))}\n\n${text.slice(to)}`;
  await writeFile(page, await format(written, { ...(await resolveConfig(page)), filepath: page }));
}

/** Pictures that docs/performance.md shows, by the name of their run. */
const PICTURES = ['group-10-senders-window-8', 'steady-1000', 'overload-5'];

export async function picturesIntoDocs(folder: string): Promise<void> {
  for (const name of PICTURES) {
    // A picture of a run that was not made stays as it was.
    await copyFile(join(folder, `${name}.svg`), join(DOCS, `performance-${name}.svg`)).catch(() => undefined);
  }
}
