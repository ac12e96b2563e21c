import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LoadResult } from '@parley/load';
import { z } from 'zod';
import { type Context, ms, type Report, stackCpu, whole } from './context.ts';

/** One line of what the project wants to reach on two cores that also run the generator. */
interface Target {
  readonly work: string;
  readonly goal: string;
  /** What was reached, from the results that lie in the folder; undefined when that run has not been made. */
  readonly reached: (results: Results) => Promise<{ readonly text: string; readonly met: boolean } | undefined>;
}

const Storm = z.object({ back: z.object({ max: z.number() }), clean: z.boolean() });
const Inserts = z.object({ rows: z.array(z.array(z.string())) });
const Pages = z.object({ fetch: z.object({ p99: z.number() }) });
const History = z.object({ base: Pages, big: Pages });

class Results {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async read<T>(name: string, shape: z.ZodType<T>): Promise<T | undefined> {
    const text = await readFile(join(this.#folder, `${name}.json`), 'utf8').catch(() => undefined);
    return text === undefined ? undefined : shape.parse(JSON.parse(text));
  }

  load(name: string): Promise<LoadResult | undefined> {
    return this.read(name, LoadResult);
  }
}

type Judge = (result: LoadResult) => { readonly text: string; readonly met: boolean };

const from =
  (name: string, judge: Judge): Target['reached'] =>
  async (results) => {
    const result = await results.load(name);
    return result === undefined ? undefined : judge(result);
  };

const atLeast =
  (goal: number): Judge =>
  ({ acksPerSecond }) => ({ text: `${whole(acksPerSecond)}/s`, met: acksPerSecond >= goal });
const cpuAtMost =
  (goal: number): Judge =>
  (result) => ({ text: `${(stackCpu(result) / 1000).toFixed(3)} ms`, met: stackCpu(result) / 1000 <= goal });
const ackAtMost =
  (p50: number, p99: number): Judge =>
  ({ ackLatency }) => ({
    text: `${ms(ackLatency.p50)} / ${ms(ackLatency.p99)} ms`,
    met: ackLatency.p50 <= p50 && ackLatency.p99 <= p99,
  });

const connectionMemory = ({ memory }: LoadResult): number =>
  memory.filter(({ name }) => name.startsWith('connection')).reduce((sum, each) => sum + each.perSocketKiB, 0);

const FULL: readonly Target[] = [
  {
    work: '50 × 10, 10 senders: acked and stored',
    goal: '6,000/s',
    reached: from('group-10-senders-window-8', atLeast(6_000)),
  },
];

const single = (sockets: number): readonly Target[] => [
  {
    work: '50 × 10, 10 senders: acked and stored',
    goal: '15,000/s',
    reached: from('group-10-senders-window-8', atLeast(15_000)),
  },
  {
    work: 'the same through nginx',
    goal: '12,000/s',
    reached: from('group-10-senders-window-8-nginx', atLeast(12_000)),
  },
  {
    work: 'the same with a READ_MESSAGE_ACK for every delivery',
    goal: '9,000/s',
    reached: from('group-10-senders-window-4-read-acks', atLeast(9_000)),
  },
  {
    work: 'read acks through nginx',
    goal: '7,000/s',
    reached: from('group-10-senders-window-4-read-acks-nginx', atLeast(7_000)),
  },
  {
    work: 'CPU of the whole stack a message at that load',
    goal: '0.09 ms',
    reached: from('group-10-senders-window-8', cpuAtMost(0.09)),
  },
  {
    work: 'CPU with read acks',
    goal: '0.14 ms',
    reached: from('group-10-senders-window-4-read-acks', cpuAtMost(0.14)),
  },
  { work: '100 messages/s: ack p50 / p99', goal: '4 / 10 ms', reached: from('steady-100', ackAtMost(4, 10)) },
  { work: '1,000 messages/s: ack p50 / p99', goal: '7 / 25 ms', reached: from('steady-1000', ackAtMost(7, 25)) },
  {
    work: 'channels of two, 5,000/s offered',
    goal: 'all stored, p99 under 200 ms',
    reached: from('steps-5000', ({ acksPerSecond, ackLatency, findings }) => ({
      text: `${whole(acksPerSecond)}/s, p99 ${ms(ackLatency.p99)} ms`,
      met: findings.refused + findings.unanswered === 0 && ackLatency.p99 < 200,
    })),
  },
  {
    work: `${whole(sockets)} sockets: memory of connection a socket`,
    goal: '12 KiB',
    reached: from(`idle-${sockets}`, (result) => ({
      text: `${connectionMemory(result).toFixed(1)} KiB`,
      met: connectionMemory(result) <= 12,
    })),
  },
  {
    work: `${whole(sockets)} sockets: connects/s`,
    goal: '2,000/s',
    reached: from(`idle-${sockets}`, ({ connect }) => ({
      text: `${whole(connect.perSecond)}/s`,
      met: connect.perSecond >= 2_000,
    })),
  },
  {
    work: '500 messages/s over them',
    goal: 'p99 under 100 ms',
    reached: from(`idle-${sockets}`, ({ deliveryLatency }) => ({
      text: `${ms(deliveryLatency.p99)} ms`,
      met: deliveryLatency.p99 < 100,
    })),
  },
  {
    work: '10,000 messages at once, all acked',
    goal: '1 s',
    reached: async (results) => {
      const found = await results.read('inserts', Inserts);
      if (found === undefined) return undefined;
      const times = found.rows.map((row) => Number(row[1])).toSorted((a, b) => a - b);
      const median = times[Math.floor(times.length / 2)] ?? Infinity;
      return { text: `${median.toFixed(2)} s (median)`, met: median <= 1 };
    },
  },
  {
    work: 'one channel, 5,000 live members, 10 messages/s',
    goal: 'p99 under 500 ms',
    reached: from('large-5000', ({ deliveryLatency }) => ({
      text: `${ms(deliveryLatency.p99)} ms`,
      met: deliveryLatency.p99 < 500,
    })),
  },
  {
    work: `${whole(sockets)} sockets cut at once`,
    goal: 'all back and caught up in 30 s, nothing lost or doubled',
    reached: async (results) => {
      const storm = await results.read('storm', Storm);
      return storm && { text: `${(storm.back.max / 1000).toFixed(1)} s`, met: storm.clean && storm.back.max <= 30_000 };
    },
  },
  {
    work: 'history page at very many messages',
    goal: 'p99 within 1.2 × of 1,000 messages',
    reached: async (results) => {
      const found = await results.read('history', History);
      const times = found && found.big.fetch.p99 / found.base.fetch.p99;
      return times === undefined ? undefined : { text: `${times.toFixed(2)} ×`, met: times <= 1.2 };
    },
  },
];

/** What was aimed at beside what the last runs have reached. */
export async function targets({ folder, sockets, stack }: Context): Promise<Report> {
  const results = new Results(folder);
  const all = stack.description.profile === 'full' ? FULL : single(sockets);
  const rows = await Promise.all(
    all.map(async ({ work, goal, reached }) => {
      const found = await reached(results);
      return [work, goal, found?.text ?? '–', found === undefined ? 'not run' : found.met ? 'yes' : 'no'];
    }),
  );
  return {
    title: 'Targets',
    columns: ['work', 'goal', 'reached', 'met'],
    rows,
    notes: ['From the last run of each benchmark.'],
    clean: undefined,
  };
}
