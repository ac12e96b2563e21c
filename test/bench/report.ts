import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Profile } from '@parley/deploy';
import { table, thisMachine } from '@parley/load';
import { format, resolveConfig } from 'prettier';
import type { Report } from './context.ts';

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

export function markdown({ columns, rows, notes, clean }: Report): string {
  const line = (cells: readonly unknown[]): string => `| ${cells.join(' | ')} |`;
  const { cores, cpu, node } = thisMachine();
  const when = new Date().toISOString().slice(0, 16).replace('T', ' ');
  return [
    line(columns),
    line(columns.map((_, index) => (index === 0 ? '---' : '---:'))),
    ...rows.map(line),
    '',
    ...notes.flatMap((note) => [note, '']),
    `${verdict(clean)} Measured ${when} UTC on ${cores} cores (${cpu.trim()}), Node ${node}.`,
  ].join('\n');
}

/** Puts the table between the marks of its benchmark on the page of the profile; without marks there, nothing happens. */
export async function intoDocs(profile: Profile, name: string, report: Report): Promise<void> {
  const page = PAGES[profile];
  const text = await readFile(page, 'utf8');
  const [start, end] = [`<!-- bench ${name}: written by npm run bench -->`, `<!-- end of ${name} -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from === -1 || to === -1) return;
  const written = `${text.slice(0, from + start.length)}\n\n${markdown(report)}\n\n${text.slice(to)}`;
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
