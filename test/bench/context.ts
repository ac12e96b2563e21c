import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stack } from '@parley/deploy';
import {
  type LoadResult,
  measure,
  picture,
  progressLine,
  readOptions,
  type Subject,
  summary,
  thisMachine,
} from '@parley/load';

/** What every benchmark is given. */
export interface Context {
  readonly stack: Stack;
  /** Whether to take minutes for what seconds can only show roughly. */
  readonly long: boolean;
  readonly seed: number;
  /** How many sockets "very many" are. */
  readonly sockets: number;
  /** Where results and pictures go. */
  readonly folder: string;
}

export type Cell = string | number;

/** A table with what it shows; `clean` is false when something was lost, doubled, out of order or unanswered. */
export interface Report {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  readonly notes: readonly string[];
  /** Undefined where nothing was sent. */
  readonly clean: boolean | undefined;
  /** Whether each row says itself when and where it was measured. */
  readonly datedRows?: boolean;
}

export interface Benchmark {
  readonly name: string;
  readonly about: string;
  run(context: Context): Promise<Report>;
}

/** `short` seconds in the short form, `long` in the long one. */
export const seconds = (context: Context, short: number, long: number): number => (context.long ? long : short);

/** The load that `line` describes, as it would be typed after `npm run load --`; `name` is that of its files. */
export function loadOptions(context: Context, line: string) {
  const args = line.split(/\s+/).filter((word) => word !== '');
  const options = readOptions(['--stack', context.stack.descriptionPath, '--seed', String(context.seed), ...args]);
  if (options === undefined) throw new Error(`not a load: ${line}`);
  return options;
}

/** @param subject users and channels that are there already, instead of new ones */
export async function load(context: Context, name: string, line: string, subject?: Subject): Promise<LoadResult> {
  process.stderr.write(`\n--- ${name}: ${line}\n`);
  const result = await measure(loadOptions(context, line), progressLine(process.stderr), subject);
  process.stderr.write(summary(result));
  await keep(context, name, result);
  await writeFile(join(context.folder, `${name}.svg`), picture(name, result));
  return result;
}

/** Writes a result where the targets are judged from, with when and where it was measured. */
export async function keep(context: Context, name: string, result: object): Promise<void> {
  await mkdir(context.folder, { recursive: true });
  const dated = { date: new Date().toISOString(), machine: thisMachine(), ...result };
  await writeFile(join(context.folder, `${name}.json`), `${JSON.stringify(dated, undefined, 1)}\n`);
}

export const whole = (value: number): string => Math.round(value).toLocaleString('en');
export const ms = (value: number): string => (value < 10 ? value.toFixed(1) : whole(value));
/** Ours as a multiple of the bound. */
export const ratio = (ours: number, bound: number): string => (bound > 0 ? `${(ours / bound).toFixed(2)} ×` : '–');

/** CPU of all processes of the stack for one message, in microseconds. */
export const stackCpu = (result: LoadResult): number =>
  result.processes.reduce((sum, each) => sum + each.cpuMicrosecondsPerMessage, 0);

/** Who used how much for a message: `connection 30, message 14, …`, the smallest left out. */
export function cpuParts(result: LoadResult): string {
  const kinds = Map.groupBy(result.processes, ({ name }) => name.split('-')[0] ?? name);
  return [...kinds]
    .map(([kind, all]) => ({ kind, cpu: all.reduce((sum, each) => sum + each.cpuMicrosecondsPerMessage, 0) }))
    .filter(({ cpu }) => cpu >= stackCpu(result) / 50)
    .toSorted((a, b) => b.cpu - a.cpu)
    .map(({ kind, cpu }) => `${kind} ${whole(cpu)}`)
    .join(', ');
}
