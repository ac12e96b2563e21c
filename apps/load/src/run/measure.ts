import { setTimeout as delay } from 'node:timers/promises';
import { createTestData, type TestData } from '../data/test-data.js';
import { type ProcessUse, usedBetween, usedBy } from '../measure/processes.js';
import type { Mark } from '../measure/recorder.js';
import { percentiles, shareWithin } from '../measure/samples.js';
import type { LoadOptions } from '../options.js';
import { thisMachine } from '../report/machine.js';
import type { Progress } from '../report/progress.js';
import type { LoadResult } from '../report/result.js';
import type { Address } from '../wire/chat-socket.js';
import { nowUs } from '../wire/clock.js';
import { type Guest, LoadRun } from './load-run.js';
import { seats } from './plan.js';
import { findTarget } from './target.js';

const SETTLE_MEMORY_MS = 1_000;
const MICRO = 1_000_000;

interface Second {
  readonly mark: Mark;
  readonly uses: readonly ProcessUse[];
}

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
  const run = new LoadRun(guests, { ...options, servers, connectsAtOnce: options.connects });
  try {
    const empty = await look();
    progress.step(
      `connecting ${guests.length} sockets to ${servers.map(({ host, port }) => `${host}:${port}`).join(', ')}`,
    );
    const connect = await run.connectAll();
    const enter = await run.enterAll();
    await delay(SETTLE_MEMORY_MS);
    const full = await look();
    progress.step(`sending: ${options.warmup} s to warm up, ${options.seconds} s measured`);
    const { seconds, ownCpu } = await send(run, options, look, progress);
    const [first, last] = [seconds[0], seconds.at(-1)];
    if (first === undefined || last === undefined) throw new Error('nothing was measured');
    const span = (last.mark.atUs - first.mark.atUs) / MICRO;
    const acks = last.mark.acks - first.mark.acks;
    const deliveries = last.mark.deliveries - first.mark.deliveries;
    const { recorder } = run;
    return {
      date: new Date().toISOString(),
      machine: thisMachine(),
      options: { ...options },
      profile,
      data: { users: options.users, channels: options.channels, seconds: data.seconds },
      connect,
      failedConnects: recorder.failedConnects,
      enter,
      memory: memoryOf(empty, full, guests.length),
      seconds: span,
      sent: recorder.sent,
      acks,
      acksPerSecond: acks / span,
      deliveries,
      deliveriesPerSecond: deliveries / span,
      ackLatency: percentiles(recorder.ackLatency.slice()),
      deliveryLatency: percentiles(recorder.deliveryLatency.slice()),
      withinSecond: shareWithin(recorder.ackLatency.slice(), MICRO),
      sendLag: percentiles(recorder.sendLag.slice()),
      findings: run.findings(),
      errors: Object.fromEntries(recorder.errors),
      closeCodes: Object.fromEntries(recorder.closeCodes),
      bytesIn: recorder.traffic.bytesIn,
      bytesOut: recorder.traffic.bytesOut,
      processes: usedBetween(first.uses, last.uses).map((use) => ({
        ...use,
        cpuMicrosecondsPerMessage: (use.cpuSeconds * MICRO) / Math.max(1, acks),
        cpuSecondsPer100kDeliveries: (use.cpuSeconds * 100_000) / Math.max(1, deliveries),
      })),
      generator: {
        cpuSeconds: ownCpu,
        cores: ownCpu / span,
        rssMiB: Math.round(process.memoryUsage.rss() / 2 ** 20),
        parsedFrames: run.reader.slow,
      },
      series: seriesOf(run, seconds),
    };
  } finally {
    run.close();
  }
}

/** Sends for the warm-up and the measured time, then waits for what is under way. */
async function send(run: LoadRun, options: LoadOptions, look: () => Promise<ProcessUse[]>, progress: Progress) {
  run.start();
  await delay(options.warmup * 1000);
  const seconds: Second[] = [];
  const note = async (): Promise<void> => {
    const mark = run.recorder.mark(nowUs());
    const before = seconds.at(-1)?.mark;
    seconds.push({ mark, uses: await look() });
    if (before) progress.second(run, before, mark, seconds.length - 1);
  };
  const began = process.cpuUsage();
  await note();
  run.recorder.open(nowUs());
  const end = performance.now() + options.seconds * 1000;
  for (;;) {
    const left = end - performance.now();
    if (left <= 0) break;
    await delay(Math.min(1000, left));
    await note();
  }
  run.recorder.close(nowUs());
  const { user, system } = process.cpuUsage(began);
  run.stop();
  progress.step('waiting for what is under way');
  await run.settle(options.drain * 1000);
  return { seconds, ownCpu: (user + system) / MICRO };
}

function memoryOf(before: readonly ProcessUse[], after: readonly ProcessUse[], sockets: number): LoadResult['memory'] {
  const earlier = new Map(before.map((use) => [use.name, use.rssMiB]));
  return after.map(({ name, rssMiB }) => {
    const beforeMiB = earlier.get(name) ?? 0;
    return { name, beforeMiB, afterMiB: rssMiB, perSocketKiB: ((rssMiB - beforeMiB) * 1024) / sockets };
  });
}

function seriesOf(run: LoadRun, seconds: readonly Second[]): LoadResult['series'] {
  const { ackLatency, deliveryLatency } = run.recorder;
  return seconds.slice(1).map(({ mark, uses }, index) => {
    const before = seconds[index]?.mark ?? mark;
    const span = (mark.atUs - before.atUs) / MICRO;
    const ack = percentiles(ackLatency.slice(before.ackSamples, mark.ackSamples));
    const delivery = percentiles(deliveryLatency.slice(before.deliverySamples, mark.deliverySamples));
    return {
      second: index + 1,
      acks: (mark.acks - before.acks) / span,
      deliveries: (mark.deliveries - before.deliveries) / span,
      ackP50: ack.p50,
      ackP99: ack.p99,
      deliveryP99: delivery.p99,
      rssMiB: Object.fromEntries(uses.map((use) => [use.name, use.rssMiB])),
    };
  });
}
