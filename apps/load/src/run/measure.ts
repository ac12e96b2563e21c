import { setTimeout as delay } from 'node:timers/promises';
import { createTestData, type TestData } from '../data/test-data.js';
import { type ProcessUse, usedBy } from '../measure/processes.js';
import type { LoadOptions } from '../options.js';
import { thisMachine } from '../report/machine.js';
import type { Progress } from '../report/progress.js';
import type { LoadResult } from '../report/result.js';
import type { Address } from '../wire/chat-socket.js';
import { assemble, type Crew } from './crew.js';
import { figures, type Second } from './figures.js';
import type { Guest } from './load-run.js';
import { seats } from './plan.js';
import { findTarget } from './target.js';

const SETTLE_MEMORY_MS = 1_000;
/** What is measured: where to connect, who may, and whose CPU and memory count. */
export interface Subject {
  readonly profile: string | null;
  readonly servers: readonly Address[];
  readonly data: TestData;
  readonly look: () => Promise<ProcessUse[]>;
}

/** A running stack with users and channels made for this run. */
export async function prepare(options: LoadOptions, progress: Progress): Promise<Subject> {
  const { stack, env, servers } = await findTarget(options);
  progress.step(`writing ${options.users} users and ${options.channels} channels`);
  return {
    profile: stack?.description.profile ?? null,
    servers,
    data: await createTestData(options, env),
    look: () => (stack ? usedBy(stack) : Promise.resolve([])),
  };
}

/** Everybody of the plan, with what the databases made of them. */
export const guestsOf = (options: LoadOptions, data: TestData): Guest[] =>
  seats(options).map((seat) => ({
    ...seat,
    cookie: data.cookies[seat.user] ?? '',
    channelId: seat.channel === undefined ? undefined : data.channelIds[seat.channel],
  }));

/** Runs the load and returns everything that was measured. */
export async function measure(options: LoadOptions, progress: Progress, subject?: Subject): Promise<LoadResult> {
  const { profile, servers, data, look } = subject ?? (await prepare(options, progress));
  const guests = guestsOf(options, data);
  const runOptions = { ...options, servers, connectsAtOnce: options.connects };
  const crew = await assemble(guests, runOptions, options.processSockets);
  try {
    const empty = await look();
    const where = servers.map(({ host, port }) => `${host}:${port}`).join(', ');
    progress.step(`connecting ${guests.length} sockets to ${where}`);
    const connect = await crew.connectAll();
    const enter = await crew.enterAll();
    await delay(SETTLE_MEMORY_MS);
    const full = await look();
    progress.step(`sending: ${options.warmup} s to warm up, ${options.seconds} s measured`);
    const seconds = await send(crew, options, look, progress);
    const report = await crew.report();
    return {
      date: new Date().toISOString(),
      machine: thisMachine(),
      options: { ...options },
      profile,
      data: { users: options.users, channels: options.channels, seconds: data.seconds },
      connect,
      enter,
      memory: memoryOf(empty, full, guests.length),
      ...figures(report, seconds),
    };
  } finally {
    await crew.close();
  }
}

/** Sends for the warm-up and the measured time, then waits for what is under way. */
async function send(
  crew: Crew,
  options: LoadOptions,
  look: () => Promise<ProcessUse[]>,
  progress: Progress,
): Promise<Second[]> {
  await crew.start();
  await delay(options.warmup * 1000);
  const seconds: Second[] = [];
  const note = async (): Promise<void> => {
    const mark = await crew.mark();
    const before = seconds.at(-1)?.mark;
    seconds.push({ mark, uses: await look() });
    if (before) progress.second(before, mark, seconds.length - 1);
  };
  await crew.open();
  await note();
  const end = performance.now() + options.seconds * 1000;
  for (;;) {
    const left = end - performance.now();
    if (left <= 0) break;
    await delay(Math.min(1000, left));
    await note();
  }
  await crew.stop();
  progress.step('waiting for what is under way');
  await crew.settle(options.drain * 1000);
  return seconds;
}

function memoryOf(before: readonly ProcessUse[], after: readonly ProcessUse[], sockets: number): LoadResult['memory'] {
  const earlier = new Map(before.map((use) => [use.name, use.rssMiB]));
  return after.map(({ name, rssMiB }) => {
    const beforeMiB = earlier.get(name) ?? 0;
    return { name, beforeMiB, afterMiB: rssMiB, perSocketKiB: ((rssMiB - beforeMiB) * 1024) / sockets };
  });
}
