import { isClean } from '@parley/load';
import { rawInserts } from '../bounds/insert.ts';
import { rawKafka } from '../bounds/kafka.ts';
import { plainLoad } from '../bounds/plain.ts';
import { type Benchmark, cpuParts, load, loadOptions, ms, ratio, seconds, stackCpu, whole } from '../context.ts';

interface Cell {
  readonly name: string;
  readonly line: string;
  readonly short: boolean;
}

const CELLS: readonly Cell[] = [
  { name: '1 sender, window 1', line: '--senders 1 --window 1 --via direct', short: true },
  { name: '1 sender, window 8', line: '--senders 1 --window 8 --via direct', short: false },
  { name: '10 senders, window 1', line: '--senders 10 --window 1 --via direct', short: false },
  { name: '10 senders, window 8', line: '--senders 10 --window 8 --via direct', short: true },
  { name: '10 senders, window 8, nginx', line: '--senders 10 --window 8 --via consul', short: true },
  { name: '10 senders, window 4, read acks', line: '--senders 10 --window 4 --read-acks --via direct', short: true },
  {
    name: '10 senders, window 4, read acks, nginx',
    line: '--senders 10 --window 4 --read-acks --via consul',
    short: true,
  },
];

/** 50 channels of 10 members in a closed loop: as much as goes through. */
export const group: Benchmark = {
  name: 'group',
  about: '50 channels × 10 members, closed loop, 200-byte texts: what goes through',
  async run(context) {
    const kafka = await rawKafka(context.stack, { records: 120_000, batch: 200, trips: 50 });
    const insert = await rawInserts(context.stack, { rows: 60_000, batch: 200 });
    const rows = [];
    let clean = true;
    for (const { name, line, short } of CELLS) {
      if (!short && !context.long) continue;
      // A fresh stack is slow until its code has been compiled.
      const warmup = rows.length === 0 ? seconds(context, 10, 15) : seconds(context, 5, 15);
      const options = `${line} --warmup ${warmup} --seconds ${seconds(context, 6, 20)}`;
      const ours = await load(context, `group-${name.replace(/\W+/g, '-')}`, options);
      const plain = await plainLoad(loadOptions(context, options));
      const plainCpu = stackCpu(plain);
      const bound = plainCpu + insert.cpuMicroseconds + kafka.cpuMicroseconds;
      clean &&= isClean(ours);
      rows.push([
        name,
        whole(ours.acksPerSecond),
        whole(ours.deliveriesPerSecond),
        `${ms(ours.ackLatency.p50)} / ${ms(ours.ackLatency.p99)}`,
        whole(stackCpu(ours)),
        cpuParts(ours),
        ratio(stackCpu(ours), bound),
        whole(plain.acksPerSecond),
        ratio(ours.acksPerSecond, plain.acksPerSecond),
      ]);
    }
    return {
      title: 'Group chat: 50 channels × 10 members, closed loop',
      columns: [
        'run',
        'messages/s',
        'deliveries/s',
        'ack p50 / p99 ms',
        'stack CPU µs a message',
        'of which',
        'CPU to its bound',
        'plain ws: messages/s',
        'messages/s to plain ws',
      ],
      rows,
      notes: [
        `Bound of CPU: a plain ws server under the same load + a raw multi-row insert (${insert.cpuMicroseconds.toFixed(1)} µs a row, ${whole(insert.perSecond)} rows/s) + raw Kafka produce and consume (${kafka.cpuMicroseconds.toFixed(1)} µs a record, ${whole(kafka.perSecond)} records/s). Plain ws stores nothing and asks nobody.`,
      ],
      clean,
    };
  },
};
