import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isClean, LoadResult } from '@parley/load';
import { z } from 'zod';
import { type Cell, type Context, ms, type Report, stackCpu, whole } from './context.ts';
import { minute } from './report.ts';

interface Verdict {
  readonly text: string;
  readonly met: boolean;
}

/** One line of what the project wants to reach on two cores that also run the generator. */
interface Target {
  readonly benchmark: string;
  readonly work: string;
  readonly goal: string;
  /** What was reached, from the results that lie in the folder; undefined when that run has not been made. */
  readonly reached: (results: Results) => Promise<Reached | undefined>;
}

type Reached = Verdict & { readonly when: string };

const Dated = z.object({ date: z.string(), machine: z.object({ cpu: z.string() }) });
const Storm = Dated.extend({ back: z.object({ max: z.number() }), clean: z.boolean() });
const Inserts = Dated.extend({ rows: z.array(z.array(z.string())) });
const Pages = z.object({ fetch: z.object({ p99: z.number() }) });
const History = Dated.extend({ base: Pages, big: Pages });
const Stored = Dated.extend({ sent: z.number(), stored: z.number() });

class Results {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async read<T>(name: string, shape: z.ZodType<T>): Promise<T | undefined> {
    const text = await readFile(join(this.#folder, `${name}.json`), 'utf8').catch(() => undefined);
    // What an earlier version has kept may look otherwise: it counts as not run.
    return text === undefined ? undefined : shape.safeParse(JSON.parse(text)).data;
  }
}

const dated = (verdict: Verdict, { date, machine }: z.infer<typeof Dated>): Reached => ({
  ...verdict,
  when: `${minute(new Date(date))}, ${machine.cpu.trim()}`,
});

type Judge = (result: LoadResult) => Verdict;

/** By one result. */
const by =
  <T extends z.infer<typeof Dated>>(name: string, shape: z.ZodType<T>, judge: (result: T) => Verdict) =>
  async (results: Results): Promise<Reached | undefined> => {
    const result = await results.read(name, shape);
    return result && dated(judge(result), result);
  };

const from = (name: string, judge: Judge): Target['reached'] => by(name, LoadResult, judge);

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

const OFFERED = 5_000;

const allStored = (result: LoadResult, { sent, stored }: z.infer<typeof Stored>): Verdict => ({
  text: `${whole(result.acksPerSecond)}/s, ${whole(stored)} of ${whole(sent)} stored, p99 ${ms(result.ackLatency.p99)} ms`,
  met:
    isClean(result) &&
    result.findings.refused === 0 &&
    stored === sent &&
    result.acksPerSecond >= 0.99 * OFFERED &&
    result.ackLatency.p99 < 200,
});

const FULL: readonly Target[] = [
  {
    benchmark: 'group',
    work: '50 × 10, 10 senders: acked and stored',
    goal: '6,000/s',
    reached: from('group-10-senders-window-8', atLeast(6_000)),
  },
];

const single = (sockets: number): readonly Target[] => [
  {
    benchmark: 'group',
    work: '50 × 10, 10 senders: acked and stored',
    goal: '15,000/s',
    reached: from('group-10-senders-window-8', atLeast(15_000)),
  },
  {
    benchmark: 'group',
    work: 'the same through nginx',
    goal: '12,000/s',
    reached: from('group-10-senders-window-8-nginx', atLeast(12_000)),
  },
  {
    benchmark: 'group',
    work: 'the same with a READ_MESSAGE_ACK for every delivery',
    goal: '9,000/s',
    reached: from('group-10-senders-window-4-read-acks', atLeast(9_000)),
  },
  {
    benchmark: 'group',
    work: 'read acks through nginx',
    goal: '7,000/s',
    reached: from('group-10-senders-window-4-read-acks-nginx', atLeast(7_000)),
  },
  {
    benchmark: 'group',
    work: 'CPU of the whole stack a message at that load',
    goal: '0.09 ms',
    reached: from('group-10-senders-window-8', cpuAtMost(0.09)),
  },
  {
    benchmark: 'group',
    work: 'CPU with read acks',
    goal: '0.14 ms',
    reached: from('group-10-senders-window-4-read-acks', cpuAtMost(0.14)),
  },
  {
    benchmark: 'steady',
    work: '100 messages/s: ack p50 / p99',
    goal: '4 / 10 ms',
    reached: from('steady-100', ackAtMost(4, 10)),
  },
  {
    benchmark: 'steady',
    work: '1,000 messages/s: ack p50 / p99',
    goal: '7 / 25 ms',
    reached: from('steady-1000', ackAtMost(7, 25)),
  },
  {
    benchmark: 'steps',
    work: 'channels of two, 5,000/s offered',
    goal: 'all stored, p99 under 200 ms',
    reached: async (results) => {
      const [result, kept] = [
        await results.read('steps-5000', LoadResult),
        await results.read('steps-5000-stored', Stored),
      ];
      return result && kept && dated(allStored(result, kept), result);
    },
  },
  {
    benchmark: 'idle',
    work: `${whole(sockets)} sockets: memory of connection a socket`,
    goal: '12 KiB',
    reached: from(`idle-${sockets}`, (result) => ({
      text: `${connectionMemory(result).toFixed(1)} KiB`,
      met: connectionMemory(result) <= 12,
    })),
  },
  {
    benchmark: 'idle',
    work: `${whole(sockets)} sockets: connects/s`,
    goal: '2,000/s',
    reached: from(`idle-${sockets}`, ({ connect }) => ({
      text: `${whole(connect.perSecond)}/s`,
      met: connect.perSecond >= 2_000,
    })),
  },
  {
    benchmark: 'idle',
    work: '500 messages/s over them',
    goal: 'p99 under 100 ms',
    reached: from(`idle-${sockets}`, ({ deliveryLatency }) => ({
      text: `${ms(deliveryLatency.p99)} ms`,
      met: deliveryLatency.p99 < 100,
    })),
  },
  {
    benchmark: 'inserts',
    work: '10,000 messages at once, all acked',
    goal: '1 s',
    reached: by('inserts', Inserts, ({ rows }) => {
      const times = rows.map((row) => Number(row[1])).toSorted((a, b) => a - b);
      const median = times[Math.floor(times.length / 2)] ?? Infinity;
      return { text: `${median.toFixed(2)} s (median)`, met: median <= 1 };
    }),
  },
  {
    benchmark: 'large',
    work: 'one channel, 5,000 live members, 10 messages/s',
    goal: 'p99 under 500 ms',
    reached: from('large-5000', ({ deliveryLatency }) => ({
      text: `${ms(deliveryLatency.p99)} ms`,
      met: deliveryLatency.p99 < 500,
    })),
  },
  {
    benchmark: 'storm',
    work: `${whole(sockets)} sockets cut at once`,
    goal: 'all back and caught up in 30 s, nothing lost or doubled',
    reached: by('storm', Storm, ({ back, clean }) => ({
      text: `${(back.max / 1000).toFixed(1)} s`,
      met: clean && back.max <= 30_000,
    })),
  },
  {
    benchmark: 'history',
    work: 'history page at very many messages',
    goal: 'p99 within 1.2 × of 1,000 messages',
    reached: by('history', History, ({ base, big }) => {
      const times = big.fetch.p99 / base.fetch.p99;
      return { text: `${times.toFixed(2)} ×`, met: times <= 1.2 };
    }),
  },
];

/** What was aimed at beside what the last runs have reached, and which of it `measured` have not measured anew. */
export async function targets(
  { folder, sockets, stack }: Context,
  measured: ReadonlySet<string>,
): Promise<{ report: Report; older: ReadonlySet<Cell> }> {
  const results = new Results(folder);
  const all = stack.description.profile === 'full' ? FULL : single(sockets);
  const rows = await Promise.all(
    all.map(async ({ work, goal, reached }) => {
      const found = await reached(results);
      return [
        work,
        goal,
        found?.text ?? '–',
        found === undefined ? 'not run' : found.met ? 'yes' : 'no',
        found?.when ?? '–',
      ];
    }),
  );
  return {
    report: {
      title: 'Targets',
      columns: ['work', 'goal', 'reached', 'met', 'measured (UTC)'],
      rows,
      notes: ['From the last run of each benchmark.'],
      clean: undefined,
      datedRows: true,
    },
    older: new Set(all.filter(({ benchmark }) => !measured.has(benchmark)).map(({ work }) => work)),
  };
}
