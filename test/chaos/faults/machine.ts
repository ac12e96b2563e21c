import { type ServiceKind, type StackProcess, switchSource } from '@parley/deploy';
import { eventually, type System } from '@parley/testing';
import { execFile } from 'node:child_process';
import { access, cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { comeBack } from './failover.js';
import type { Fault, Heal, Stage } from './fault.js';

const run = promisify(execFile);

const FULL_SHARD = 1;
const FULL_DISK = `database-shard-${FULL_SHARD}`;
const DISK_MIB = 256;
const DISK_NAME = 'parley-chaos';

const dataOf = ({ stack }: System): string => stack.database(FULL_DISK).dataDir;
const needsRoot = async (): Promise<string | undefined> =>
  process.getuid?.() === 0 ? undefined : 'only root may mount a small disk';

/** Moves a database to a disk of its own, in memory; returns what moves it back. */
async function onSmallDisk(system: System): Promise<() => Promise<void>> {
  const database = system.stack.process(FULL_DISK);
  const data = dataOf(system);
  const kept = `${data}.kept`;
  await database.stop(30_000);
  await rename(data, kept);
  await mkdir(data);
  await run('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, DISK_NAME, data]);
  await cp(kept, data, { recursive: true, preserveTimestamps: true });
  await database.start();
  return async () => {
    await database.stop(30_000);
    await rm(kept, { recursive: true });
    await cp(data, kept, { recursive: true, preserveTimestamps: true });
    await run('umount', [data]);
    await rm(data, { recursive: true });
    await rename(kept, data);
    await database.start();
  };
}

/** A run that was cut off may have left its small disk in place. */
export async function removeSmallDisk(stackDir: string): Promise<void> {
  const mounts = (await readFile('/proc/mounts', 'utf8')).split('\n').map((line) => line.split(' '));
  for (const [device, folder = ''] of mounts)
    if (device === DISK_NAME && folder.startsWith(`${stackDir}/`)) await run('umount', [folder]);
}

const fillDisk = async ({ system }: Stage): Promise<Heal> => {
  const filler = join(dataOf(system), 'filler');
  // Ends with an error, as it should: the disk is full.
  await run('dd', ['if=/dev/zero', `of=${filler}`, 'bs=64k']).catch(() => undefined);
  return () => rm(filler);
};

/** Who has made room need not wait until the server looks for it. */
const restartFull = async (stage: Stage): Promise<Heal> => {
  const makeRoom = await fillDisk(stage);
  return async () => {
    await makeRoom();
    await restart(stage.system.stack.process(FULL_DISK));
  };
};

async function restart(server: StackProcess): Promise<void> {
  await server.kill();
  await server.start();
}

/** The replica takes over while the disk is full; when there is room again, the old source comes back, and they change again. */
const replaceFull = async (stage: Stage): Promise<Heal> => {
  const { stack } = stage.system;
  const makeRoom = await fillDisk(stage);
  await switchSource(stack, FULL_SHARD);
  return async () => {
    await makeRoom();
    // What it was told while its disk was full it carries out up to a minute later.
    await restart(stack.process(FULL_DISK));
    await comeBack(stack, FULL_SHARD);
  };
};

const LIBRARY = 'faketime/libfaketime.so.1';
const STEP_SECONDS = 600;
const STEPPED_MS = 6000;
const NOTICED_WITHIN_MS = 10_000;
const TOLERANCE_SECONDS = 5;

/** Debian's libfaketime, installed or unpacked into a folder of this run. */
async function findLibrary(): Promise<string | undefined> {
  const places = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu'];
  for (const place of [...places, ...places.map((each) => join(unpacked, each))]) {
    const path = join(place, LIBRARY);
    const exists = await access(path).then(
      () => true,
      () => false,
    );
    if (exists) return path;
  }
  return undefined;
}

const unpacked = join(tmpdir(), 'parley-faketime');

async function noFakeTime(): Promise<string | undefined> {
  if (await findLibrary()) return undefined;
  try {
    await mkdir(unpacked, { recursive: true });
    await run('apt-get', ['download', 'libfaketime'], { cwd: unpacked });
    const [archive = ''] = (await readdir(unpacked)).filter((name) => name.endsWith('.deb'));
    await run('dpkg', ['-x', archive, '.'], { cwd: unpacked });
  } catch {
    // What is missing is told below.
  }
  return (await findLibrary()) ? undefined : 'libfaketime cannot be had here';
}

/** What the clock of a service says is in the head of each of its answers. */
async function clockShows({ name, url }: StackProcess, offset: number): Promise<void> {
  const { headers } = await fetch(new URL('/health/live', url), { headers: { connection: 'close' } });
  const ahead = (Date.parse(headers.get('date') ?? '') - Date.now()) / 1000;
  if (!(Math.abs(ahead - offset) < TOLERANCE_SECONDS)) throw new Error(`the clock of ${name} is ${ahead} s ahead`);
}

/** One more instance lives with a clock that is right at first, then ten minutes fast, then ten minutes slow. */
const clockStepped =
  (kind: ServiceKind) =>
  async ({ system, round }: Stage): Promise<Heal> => {
    const library = await findLibrary();
    if (library === undefined) throw new Error('libfaketime is gone');
    const folder = await mkdtemp(join(tmpdir(), 'parley-clock-'));
    const clock = join(folder, 'offset');
    await writeFile(clock, '+0\n');
    const extra = await system.stack.startService(kind, `clock-${round}`, {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: clock,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    });
    for (const offset of [0, STEP_SECONDS, -STEP_SECONDS]) {
      await writeFile(clock, `${offset < 0 ? '' : '+'}${offset}\n`);
      await eventually(() => clockShows(extra, offset), NOTICED_WITHIN_MS);
      await delay(STEPPED_MS);
    }
    return async () => {
      await writeFile(clock, '+0\n');
      await extra.stop();
      await rm(folder, { recursive: true });
    };
  };

const clockFault = (kind: ServiceKind): Fault => ({
  name: `${kind}-clock-stepped`,
  title: `the clock of one ${kind} service is 10 minutes fast, then 10 minutes slow`,
  lastsMs: 0,
  slow: true,
  impossible: noFakeTime,
  inject: clockStepped(kind),
});

export const MACHINE_FAULTS: readonly Fault[] = [
  {
    name: 'disk-full',
    title: 'the disk of a shard is full',
    lastsMs: 8000,
    // The server looks only once a minute whether its binary log has room again.
    resumeWithinMs: 70_000,
    slow: true,
    full: true,
    impossible: needsRoot,
    prepare: onSmallDisk,
    inject: fillDisk,
  },
  {
    name: 'disk-full-restarted',
    title: 'the disk of a shard is full; who makes room restarts the server',
    lastsMs: 8000,
    slow: true,
    full: true,
    impossible: needsRoot,
    prepare: onSmallDisk,
    inject: restartFull,
  },
  {
    name: 'disk-full-replaced',
    title: 'the disk of a shard is full, and its replica is promoted',
    lastsMs: 3000,
    slow: true,
    full: true,
    impossible: needsRoot,
    prepare: onSmallDisk,
    inject: replaceFull,
  },
  ...(['auth', 'connection', 'message'] as const).map(clockFault),
];
