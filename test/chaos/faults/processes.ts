import type { ServiceKind, StackProcess } from '@parley/deploy';
import type { System } from '@parley/testing';
import { pick } from '../workload/random.js';
import { type Fault, type Heal, SHORT_PAUSE_MS, type Stage, TAKEOVER_MS } from './fault.js';

/** Names of the processes that a fault strikes. */
export type Target = (stage: Stage) => readonly string[] | Promise<readonly string[]>;

const found = async (stage: Stage, target: Target): Promise<StackProcess[]> =>
  (await target(stage)).map((name) => {
    stage.hits(name);
    return stage.system.stack.process(name);
  });

/** Ends without a word (SIGKILL), and is started again. */
export const killed =
  (target: Target) =>
  async (stage: Stage): Promise<Heal> => {
    const processes = await found(stage, target);
    await Promise.all(processes.map((process) => process.kill('SIGKILL')));
    return async () => {
      await Promise.all(processes.map((process) => process.start()));
    };
  };

/** Stands still (SIGSTOP) and goes on (SIGCONT) as if nothing had been. */
export const paused =
  (target: Target) =>
  async (stage: Stage): Promise<Heal> => {
    const processes = await found(stage, target);
    await Promise.all(processes.map((process) => process.pause()));
    return async () => {
      await Promise.all(processes.map((process) => process.resume()));
    };
  };

const names = (system: System, kind: ServiceKind): string[] => system.processes(kind).map(({ name }) => name);

export const oneOf =
  (kind: ServiceKind): Target =>
  ({ system, random }) => [pick(random, names(system, kind))];

export const allOf =
  (kind: ServiceKind): Target =>
  ({ system }) =>
    names(system, kind);

/** These by turns, one at each round. */
export const byTurns =
  (list: (stage: Stage) => readonly string[]): Target =>
  (stage) => {
    const all = list(stage);
    return all.slice(stage.round % all.length, (stage.round % all.length) + 1);
  };

const KINDS = ['auth', 'connection', 'message', 'push'] as const;

/** The n-th of each: what a host would take with it. */
const oneHost: Target = ({ system, round }) =>
  KINDS.flatMap((kind) => {
    const all = names(system, kind);
    return all[round % all.length] ?? [];
  });

const PAUSE_MS = 20_000;

const serviceFaults = (kind: ServiceKind): Fault[] => [
  {
    name: `${kind}-killed`,
    title: `one ${kind} service is killed`,
    lastsMs: 5000,
    pauseWithinMs: kind === 'message' ? TAKEOVER_MS : SHORT_PAUSE_MS,
    inject: killed(oneOf(kind)),
  },
  {
    name: `${kind}-all-killed`,
    title: `all ${kind} services are killed`,
    lastsMs: 5000,
    inject: killed(allOf(kind)),
  },
];

/** One after the other stops in good order and starts again, while the others do its work. */
const rollingRestart = async ({ system }: Stage): Promise<Heal> => {
  for (const { name } of system.stack.parts.services) {
    const process = system.stack.process(name);
    await process.stop();
    await process.start();
  }
  return async () => undefined;
};

const STORM_ROUNDS = 4;

/** Instances come and go every few seconds, by turns in good order and killed. */
const rebalanceStorm = async ({ system, random, round }: Stage): Promise<Heal> => {
  for (let gust = 0; gust < STORM_ROUNDS; gust += 1) {
    const id = `storm-${round}-${gust}`;
    const extra = await system.stack.startService('message', id);
    await new Promise((resolve) => setTimeout(resolve, 500 + random() * 2000));
    if (gust % 2 === 0) await extra.stop();
    else await extra.kill();
  }
  return async () => undefined;
};

export const PROCESS_FAULTS: readonly Fault[] = [
  ...KINDS.flatMap(serviceFaults),
  {
    name: 'services-of-one-host-killed',
    title: 'one of each service is killed at the same moment',
    // Long enough to be taken for dead and replaced.
    lastsMs: 15_000,
    pauseWithinMs: TAKEOVER_MS,
    full: true,
    inject: killed(oneHost),
  },
  {
    name: 'message-paused',
    title: 'one message service stands still for 20 s',
    lastsMs: PAUSE_MS,
    pauseWithinMs: TAKEOVER_MS,
    slow: true,
    inject: paused(oneOf('message')),
  },
  {
    name: 'connection-paused',
    title: 'one connection service stands still for 20 s',
    lastsMs: PAUSE_MS,
    pauseWithinMs: SHORT_PAUSE_MS,
    slow: true,
    inject: paused(oneOf('connection')),
  },
  {
    name: 'rolling-restart',
    title: 'every service is restarted, one after the other',
    lastsMs: 0,
    pauseWithinMs: SHORT_PAUSE_MS,
    slow: true,
    full: true,
    inject: rollingRestart,
  },
  {
    name: 'rebalance-storm',
    title: 'message services come and go every few seconds',
    lastsMs: 0,
    pauseWithinMs: TAKEOVER_MS,
    slow: true,
    inject: rebalanceStorm,
  },
];
