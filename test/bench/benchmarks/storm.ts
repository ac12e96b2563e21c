import { setTimeout as delay } from 'node:timers/promises';
import { backoff, RECONNECT_BACKOFF } from '@parley/client';
import {
  type Findings,
  guestsOf,
  LoadRun,
  type Member,
  type Percentiles,
  percentiles,
  prepare,
  Samples,
  seeded,
  silent,
} from '@parley/load';
import { type Benchmark, type Context, keep, loadOptions, ms, ratio, seconds, whole } from '../context.ts';
import { plainSubject } from '../bounds/plain.ts';

interface Storm {
  readonly back: Percentiles;
  readonly attempts: number;
  readonly missing: number;
  readonly clean: boolean;
  readonly findings: Findings;
}

const LONGEST_MS = 120_000;

type Subject = Awaited<ReturnType<typeof prepare>>;

/** Cuts every socket at once under load; each comes back as the SDK would, and fetches what it missed. */
async function storm(context: Context, options: ReturnType<typeof loadOptions>, subject: Subject): Promise<Storm> {
  const run = new LoadRun(guestsOf(options, subject.data), {
    ...options,
    servers: subject.servers,
    connectsAtOnce: 200,
  });
  const random = seeded(context.seed);
  const times = new Samples();
  const away = new Set<Member>();
  const places = new Map(run.members.map((member, index) => [member, index]));
  let cutAt = 0;
  let attempts = 0;
  const comeBack = async (member: Member, attempt: number): Promise<void> => {
    await delay(backoff(attempt, random, RECONNECT_BACKOFF));
    attempts += 1;
    try {
      await run.connect(member, places.get(member) ?? 0);
      if (member.channel !== undefined) await member.enter();
    } catch {
      member.close();
      return comeBack(member, attempt + 1);
    }
    member.repeat();
    run.flush();
    away.delete(member);
    times.add((performance.now() - cutAt) * 1000);
  };
  try {
    process.stderr.write(`connecting ${run.members.length} sockets\n`);
    await run.connectAll();
    await run.enterAll();
    run.start();
    await delay(seconds(context, 3, 5) * 1000);
    run.onLost = (member) => {
      if (away.has(member)) return;
      away.add(member);
      void comeBack(member, 0);
    };
    cutAt = performance.now();
    for (const member of run.members) member.cut();
    await delay(100);
    while (away.size > 0 && performance.now() - cutAt < LONGEST_MS) {
      process.stderr.write(`${((performance.now() - cutAt) / 1000).toFixed(0)} s   ${away.size} still away\n`);
      await delay(1000);
    }
    await delay(1000);
    run.stop();
    await run.settle(20_000);
    const findings = run.findings();
    const { lost, doubled, outOfOrder, unanswered, unexpectedAcks } = findings;
    const clean = lost + doubled + outOfOrder + unanswered + unexpectedAcks + away.size === 0;
    return { back: percentiles(times.slice()), attempts, missing: away.size, clean, findings };
  } finally {
    run.close();
  }
}

export const stormBenchmark: Benchmark = {
  name: 'storm',
  about: '10,000 sockets cut at once: time until all are back and caught up',
  async run(context) {
    const { sockets } = context;
    const line = `--users ${sockets} --channels ${sockets / 10} --members 10 --rate 200 --via direct`;
    const options = loadOptions(context, line);
    process.stderr.write(`\n--- storm: ${line}\n`);
    const ours = await storm(context, options, await prepare(options, silent));
    if (!ours.clean) process.stderr.write(`${JSON.stringify(ours.findings)}\n`);
    await keep(context, 'storm', ours);
    const server = await plainSubject(options);
    const plain = await storm(context, options, server.subject).finally(server.close);
    const inS = (value: number): string => (value / 1000).toFixed(1);
    return {
      title: 'Storm: all sockets cut at once, 200 messages/s go on',
      columns: [
        'sockets',
        'back and caught up: p50 / p99 / all, s',
        'attempts',
        'never back',
        'plain ws: p50 / p99 / all, s',
        'all of them to plain ws',
      ],
      rows: [
        [
          whole(options.users),
          `${inS(ours.back.p50)} / ${inS(ours.back.p99)} / ${inS(ours.back.max)}`,
          whole(ours.attempts),
          whole(ours.missing),
          `${inS(plain.back.p50)} / ${inS(plain.back.p99)} / ${inS(plain.back.max)}`,
          ratio(ours.back.max, plain.back.max),
        ],
      ],
      notes: [
        `Back off as in the SDK: full jitter from ${ms(RECONNECT_BACKOFF.baseMs)} ms, doubled with each failure. Caught up: entered again, and every message since the cut fetched. The plain ws server has nothing to fetch from: its clients only connect and enter.`,
      ],
      clean: ours.clean,
    };
  },
};
