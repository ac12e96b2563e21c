import type { System } from '@parley/testing';
import { setTimeout as delay } from 'node:timers/promises';
import type { Fault, Stage } from '../faults/fault.js';
import type { Network } from '../faults/network.js';
import type { Violation } from '../history/violation.js';
import { seeded } from '../workload/random.js';
import { USUAL_LOAD } from '../workload/schedule.js';
import { complaints } from '../workload/complaints.js';
import { Workload } from '../workload/workload.js';
import { pauses, raise, reached } from './timings.js';

export interface Trial {
  readonly seed: number;
  readonly times: number;
  /** Which processes or servers. */
  readonly hit: readonly string[];
  /** How long no message of a shard was acknowledged, from the beginning of a fault on: the longest, in ms. */
  readonly longestPauseMs: ReadonlyMap<number, number>;
  /** From the end of the fault until every channel of a shard has had an acknowledgement: the longest, in ms. */
  readonly resumedMs: ReadonlyMap<number, number>;
  readonly resumeWithinMs?: number | undefined;
  readonly pauseWithinMs?: number | undefined;
  /** From then on until messages reach everybody online at once: the longest, in ms. */
  readonly reachedMs: number;
  /** What people were told from the beginning of a fault on. */
  readonly complaints: readonly { readonly text: string; readonly count: number }[];
  readonly messages: number;
  readonly violations: readonly Violation[];
  /** Why it could not be brought to its end; undefined when it was. */
  readonly stuck?: string;
}

export interface TrialOptions {
  readonly system: System;
  readonly network: Network;
  readonly fault: Fault;
  readonly seed: number;
  /** How often the fault strikes while the same people chat. */
  readonly times: number;
  /** Where the history goes, one line of JSON for each entry. */
  readonly logFile: string;
}

const FLOWS_WITHIN_MS = 90_000;
const LONGEST_WAIT_MS = 3000;
/** People chat on for so long when writes flow again: what a fault has broken may show only then. */
const AFTERWARDS_MS = 10_000;

/** A run that has not even begun. */
export const unfinished = (seed: number, times: number, error: unknown): Trial => ({
  seed,
  times,
  hit: [],
  longestPauseMs: new Map(),
  resumedMs: new Map(),
  reachedMs: 0,
  complaints: [],
  messages: 0,
  violations: [],
  stuck: error instanceof Error ? error.message : String(error),
});

/** One fault, several times, at moments that the seed chooses, under load; then the verdict on everything that happened. */
export async function attempt({ system, network, fault, seed, times, logFile }: TrialOptions): Promise<Trial> {
  const putBack = await fault.prepare?.(system);
  const workload = await Workload.gather(system, seed, USUAL_LOAD);
  const { history } = workload;
  const random = seeded(seed + 2);
  const longestPauseMs = new Map<number, number>();
  const resumedMs = new Map<number, number>();
  let reachedMs = 0;
  const heard = new Map<string, number>();
  const hit = new Set<string>();
  let violations: Violation[] = [];
  let stuck: string | undefined;
  const shardOf = new Map<number, number>(workload.rooms.map(({ id, shard }) => [id, shard]));
  const hits = (what: string): void => {
    hit.add(what);
    history.add({ kind: 'hit', what });
  };
  const strike = async (stage: Stage): Promise<void> => {
    await delay(500 + random() * LONGEST_WAIT_MS);
    const from = history.now();
    history.add({ kind: 'fault', name: fault.name, phase: 'begins' });
    const heal = await fault.inject(stage);
    await delay(fault.lastsMs);
    await heal();
    history.add({ kind: 'fault', name: fault.name, phase: 'ends' });
    const end = history.now();
    for (const [shard, t] of await workload.flowing(end, FLOWS_WITHIN_MS)) raise(resumedMs, shard, t - end);
    const flows = history.now();
    await delay(AFTERWARDS_MS);
    const to = history.now();
    reachedMs = Math.max(reachedMs, reached(history.entries, flows, to));
    for (const [shard, ms] of pauses(history.entries, shardOf, from, to)) raise(longestPauseMs, shard, ms);
    for (const { text, count } of complaints(history.entries, from, to))
      heard.set(text, (heard.get(text) ?? 0) + count);
  };
  try {
    workload.start();
    await workload.flowing(0, FLOWS_WITHIN_MS);
    for (let round = 0; round < times; round += 1) await strike({ system, network, workload, random, round, hits });
    violations = await workload.verdict();
  } catch (error) {
    stuck = error instanceof Error ? error.message : String(error);
  } finally {
    await history.save(logFile);
    await workload[Symbol.asyncDispose]();
    await system.heal();
    await putBack?.();
  }
  return {
    seed,
    times,
    hit: [...hit],
    longestPauseMs,
    resumedMs,
    resumeWithinMs: fault.resumeWithinMs,
    pauseWithinMs: fault.pauseWithinMs,
    reachedMs,
    complaints: [...heard].map(([text, count]) => ({ text, count })),
    messages: new Set(history.entries.flatMap((entry) => (entry.kind === 'ack' ? [entry.serial] : []))).size,
    violations,
    ...(stuck !== undefined && { stuck }),
  };
}
