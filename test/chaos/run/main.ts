import { attachStack, type Profile, startStack } from '@parley/deploy';
import { commandLine, System } from '@parley/testing';
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FAULTS } from '../faults/all-faults.js';
import type { Fault } from '../faults/fault.js';
import { removeSmallDisk } from '../faults/machine.js';
import { Network } from '../faults/network.js';
import { seeded, shuffled } from '../workload/random.js';
import { missingRow, passed, record, row, type RunInfo, verdict } from './report.js';
import { attempt, unfinished } from './trial.js';
import { serverVersions } from './versions.js';

/** Enough for each run of the tests to see a few; which ones, the seed decides. */
const QUICK_FAULTS = 4;
/** How fast a machine is that runs tests is not what they are about; what takes so many times too long is broken. */
const QUICK_PATIENCE = 3;
const PAGE = resolve('docs/reliability.md');
const UNLIMITED = '1000000';
const LEAVE_WITHIN_MS = 5_000;

const USAGE = [
  'usage: npm run chaos -- [faults] [--quick] [--seed N] [--times N] [--single] [--record | --no-record] [--state DIR] [--offset N]',
  `faults: ${FAULTS.map(({ name }) => name).join(', ')}`,
  '--quick strikes a few, which ones the seed decides; --record writes the rows into docs/reliability.md, as a whole run does',
].join('\n');

const { values, positionals: named } = commandLine(
  {
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      seed: { type: 'string' },
      times: { type: 'string' },
      single: { type: 'boolean', default: false },
      record: { type: 'boolean' },
      state: { type: 'string', default: '.state/chaos' },
      offset: { type: 'string', default: '8500' },
      help: { type: 'boolean', default: false },
    },
    allowNegative: true,
  },
  USAGE,
);

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const seed = values.seed === undefined ? randomInt(1, 1_000_000) : Number(values.seed);
const profile: Profile = values.single ? 'single' : 'full';

/** In a quick run once; otherwise twice, or as often as is said, and until each of several has been hit. */
const timesOf = ({ turns = 1 }: Fault): number =>
  values.quick ? Number(values.times ?? 1) : Math.max(Number(values.times ?? 2), turns);

const possible = FAULTS.filter(({ full }) => profile === 'full' || full !== true);

function chosen(): readonly Fault[] {
  if (named.length > 0) return possible.filter(({ name }) => named.includes(name));
  if (!values.quick) return possible;
  return shuffled(
    seeded(seed),
    possible.filter(({ slow }) => slow !== true),
  ).slice(0, QUICK_FAULTS);
}

const program = (command: string, ...args: string[]): string => {
  try {
    return execFileSync(command, args, { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
};

const info: RunInfo = {
  date: new Date().toISOString().slice(0, 10),
  versions: `commit ${program('git', 'rev-parse', '--short', 'HEAD')}, Node ${process.versions.node}`,
};

/** Whatever an earlier run has left is stopped and deleted. */
async function emptyStackDir(stateDir: string): Promise<string> {
  const stackDir = join(stateDir, 'stack');
  const description = join(stackDir, 'stack.json');
  if (existsSync(description)) await (await attachStack(description)).stop();
  await removeSmallDisk(stackDir);
  await rm(stackDir, { recursive: true, force: true });
  return stackDir;
}

async function main(): Promise<number> {
  const faults = chosen();
  const stateDir = resolve(values.state);
  const logs = join(stateDir, 'histories');
  mkdirSync(logs, { recursive: true });
  const stackDir = await emptyStackDir(stateDir);
  say(`seed ${seed}, ${profile} profile: ${faults.map(({ name }) => name).join(', ')}`);
  await using network = await Network.between(profile, Number(values.offset));
  const stack = await startStack({
    profile,
    stateDir: stackDir,
    portOffset: Number(values.offset),
    ...(profile === 'single' && { scale: { connection: 2, message: 2 } }),
    env: {
      auth: { REGISTER_LIMIT_PER_ADDRESS_PER_MINUTE: UNLIMITED, LOGIN_LIMIT_PER_ADDRESS_PER_MINUTE: UNLIMITED },
      message: network.environment('message'),
      connection: network.environment('connection'),
    },
    progress: say,
  });
  const rows = new Map<string, string>();
  let broken = 0;
  try {
    const system = new System(stack);
    const madeWith = `The newest rows, of ${info.date}, were made with ${await serverVersions(system)}.`;
    for (const [index, fault] of faults.entries()) {
      const reason = await fault.impossible?.();
      if (reason !== undefined) {
        rows.set(fault.name, missingRow(fault, reason));
        say(`${fault.name}: not tried, ${reason}`);
        continue;
      }
      const began = Date.now();
      const logFile = join(logs, `${fault.name}.jsonl`);
      const own = seed + index;
      const times = timesOf(fault);
      const trial = await attempt({ system, network, fault, seed: own, times, logFile }).catch((error: unknown) =>
        unfinished(own, times, error),
      );
      rows.set(fault.name, row(fault, trial, info));
      const good = passed(trial, values.quick ? QUICK_PATIENCE : 1);
      if (!good) broken += 1;
      const what = [fault.name, ...trial.hit].join(' ');
      say(`${good ? 'ok' : 'FAILED'} ${what}, seed ${trial.seed}: ${verdict(trial)}`);
      const ms = (all: ReadonlyMap<number, number>) =>
        [...all].map(([shard, value]) => `shard ${shard} ${value} ms`).join(', ');
      say(`   longest pause ${ms(trial.longestPauseMs)}; flows after its end ${ms(trial.resumedMs)}`);
      say(`   reaches everybody ${trial.reachedMs} ms after that; ${Date.now() - began} ms in all`);
      for (const { text, count } of trial.complaints) say(`   told ${count} × ${text}`);
      for (const { rule, text } of trial.violations.slice(0, 10)) say(`   ${rule}: ${text}`);
      const isRecorded = values.record ?? (!values.quick && named.length === 0);
      if (isRecorded) await record(PAGE, FAULTS, rows, madeWith);
    }
  } finally {
    await stack.stop();
  }
  say(`${faults.length - broken} passed, ${broken} failed (seed ${seed})`);
  return broken === 0 ? 0 : 1;
}

/** Undefined when faults are to be struck. */
function toldInstead(): number | undefined {
  if (values.help) {
    say(USAGE);
    return 0;
  }
  const unknown = named.filter((name) => !possible.some((fault) => fault.name === name));
  if (unknown.length === 0) return undefined;
  for (const name of unknown) process.stderr.write(`there is no fault ${name}\n`);
  process.stderr.write(`there are ${possible.map(({ name }) => name).join(', ')}\n`);
  return 1;
}

process.exitCode = toldInstead() ?? (await main());
// What is still open to a broken system must not keep the run from ending.
setTimeout(() => process.exit(), LEAVE_WITHIN_MS).unref();
