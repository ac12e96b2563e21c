import { decodeClientFrame, encodeFrame } from '@parley/protocol';
import { isClean } from '@parley/load';
import { rawInserts } from '../bounds/insert.ts';
import { rawKafka } from '../bounds/kafka.ts';
import { plainLoad } from '../bounds/plain.ts';
import { type Benchmark, load, loadOptions, ms, ratio, seconds, whole } from '../context.ts';
import { ourInserts } from '../ours/insert.ts';
import { ourKafka } from '../ours/kafka.ts';
import { sequencer } from '../ours/writes.ts';

const TEXT = 'x'.repeat(200);
const WRITE = JSON.stringify({ type: 'WRITE_MESSAGE', serial: 1_790_000_000_000_000, channelId: 42, content: TEXT });
const READ = JSON.stringify({ type: 'READ_MESSAGE_ACK', channelId: 42, messageSeqId: 12_345 });
const NOTIFY = { type: 'NOTIFY_MESSAGE', channelId: 42, messageSeqId: 12_345, username: 'someone', content: TEXT };

/** Microseconds of one call, the best of some runs: the one that noise has touched least. */
function cost(work: () => unknown, milliseconds: number): number {
  let best = Infinity;
  for (let run = 0; run < 5; run += 1) {
    const began = performance.now();
    let calls = 0;
    while (performance.now() - began < milliseconds) {
      for (let i = 0; i < 100; i += 1) work();
      calls += 100;
    }
    best = Math.min(best, ((performance.now() - began) * 1000) / calls);
  }
  return best;
}

/** Single steps of a message's way, each beside what it cannot be faster than. */
export const micro: Benchmark = {
  name: 'micro',
  about: 'codec, fan-out to 1,000 sockets, sequencer, insert batch, Kafka round trip, each beside its physical bound',
  async run(context) {
    const time = seconds(context, 100, 500);
    const rows: string[][] = [];
    const codec = (name: string, ours: () => unknown, bound: () => unknown): void => {
      const [own, least] = [cost(ours, time), cost(bound, time)];
      rows.push([name, `${own.toFixed(2)} µs`, 'JSON alone', `${least.toFixed(2)} µs`, ratio(own, least)]);
    };
    codec(
      'read a WRITE_MESSAGE',
      () => decodeClientFrame(WRITE),
      () => void JSON.parse(WRITE),
    );
    codec(
      'read a READ_MESSAGE_ACK',
      () => decodeClientFrame(READ),
      () => void JSON.parse(READ),
    );
    codec(
      'write a NOTIFY_MESSAGE',
      () => encodeFrame(NOTIFY),
      () => JSON.stringify(NOTIFY),
    );

    const line = `--channels 1 --members 1001 --rate 20 --via direct --warmup 2 --seconds ${seconds(context, 5, 15)}`;
    const fan = await load(context, 'micro-fan-out', line);
    const plain = await plainLoad(loadOptions(context, line));
    const perDelivery = (result: typeof fan): number =>
      (result.processes
        .filter(({ name }) => name.startsWith('connection') || name === 'ws')
        .reduce((sum, each) => sum + each.cpuSeconds, 0) *
        1e6) /
      Math.max(1, result.deliveries);
    rows.push([
      'one message to 1,000 sockets: CPU of connection a delivery',
      `${perDelivery(fan).toFixed(1)} µs`,
      'plain ws broadcast',
      `${perDelivery(plain).toFixed(1)} µs`,
      ratio(perDelivery(fan), perDelivery(plain)),
    ]);
    rows.push([
      'one message to 1,000 sockets: p50 from writing to reading',
      `${ms(fan.deliveryLatency.p50)} ms`,
      'plain ws broadcast',
      `${ms(plain.deliveryLatency.p50)} ms`,
      ratio(fan.deliveryLatency.p50, plain.deliveryLatency.p50),
    ]);

    for (const batch of [50, 500]) {
      const { ours, bound } = await sequencer(batch);
      rows.push([
        `numbers and rows of ${batch} messages, without the database: CPU a message`,
        `${ours.toFixed(2)} µs`,
        'a loop that counts',
        `${bound.toFixed(2)} µs`,
        ratio(ours, bound),
      ]);
    }
    for (const batch of [1, 50, 500]) {
      const sizes = { rows: batch === 1 ? 1_000 : 20_000, batch };
      const ours = await ourInserts(context.stack, sizes);
      const raw = await rawInserts(context.stack, sizes);
      rows.push(
        [
          `store ${batch} rows in a statement: CPU a row`,
          `${ours.cpuMicroseconds.toFixed(1)} µs`,
          'raw prepared insert',
          `${raw.cpuMicroseconds.toFixed(1)} µs`,
          ratio(ours.cpuMicroseconds, raw.cpuMicroseconds),
        ],
        [
          `store ${batch} rows in a statement: time`,
          `${ours.batchMs.toFixed(1)} ms`,
          'raw prepared insert',
          `${raw.batchMs.toFixed(1)} ms`,
          ratio(ours.batchMs, raw.batchMs),
        ],
      );
    }
    const sizes = { records: 60_000, batch: 200, trips: 300 };
    const ours = await ourKafka(context.stack, sizes);
    const raw = await rawKafka(context.stack, sizes);
    rows.push(
      [
        'Kafka round trip, one record at a time: p50 / p99',
        `${ms(ours.roundTrip.p50)} / ${ms(ours.roundTrip.p99)} ms`,
        'raw produce and consume',
        `${ms(raw.roundTrip.p50)} / ${ms(raw.roundTrip.p99)} ms`,
        `${ratio(ours.roundTrip.p50, raw.roundTrip.p50)} / ${ratio(ours.roundTrip.p99, raw.roundTrip.p99)}`,
      ],
      [
        'records through Kafka, 200 handed in together: CPU a record',
        `${ours.cpuMicroseconds.toFixed(1)} µs`,
        'raw, 200 a request',
        `${raw.cpuMicroseconds.toFixed(1)} µs`,
        ratio(ours.cpuMicroseconds, raw.cpuMicroseconds),
      ],
      [
        'records through Kafka, 200 handed in together: a second',
        whole(ours.perSecond),
        'raw, 200 a request',
        whole(raw.perSecond),
        ratio(ours.perSecond, raw.perSecond),
      ],
    );
    return {
      title: 'Single steps',
      columns: ['step', 'ours', 'bound', 'bound', 'ours to bound'],
      rows,
      notes: [
        'Microseconds of the codec and of numbers are the best of five runs in a warm process; CPU of rows and records is that of client and server together. Ours packs records of one key, which the raw producer does not.',
      ],
      clean: isClean(fan),
    };
  },
};
