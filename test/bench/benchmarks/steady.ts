import { isClean } from '@parley/load';
import { rawKafka } from '../bounds/kafka.ts';
import { plainLoad } from '../bounds/plain.ts';
import { type Benchmark, load, loadOptions, ms, ratio, seconds, stackCpu, whole } from '../context.ts';

/** The highest first: at 100 a second it would take minutes until all code that matters is compiled. */
const RATES = [3_000, 1_000, 100];
/** Fewer say nothing of the slowest hundredth. */
const SAMPLES = 2_000;

/** A steady rate, each message counted from when it was due. */
export const steady: Benchmark = {
  name: 'steady',
  about: '3,000, 1,000 and 100 messages/s to 50 × 10: latency',
  async run(context) {
    const { roundTrip } = await rawKafka(context.stack, { records: 6_000, batch: 100, trips: 200 });
    const rows = [];
    let clean = true;
    for (const rate of RATES) {
      const line = `--senders 10 --rate ${rate} --via direct --warmup ${seconds(context, 4, 8)} --seconds ${Math.max(seconds(context, 6, 20), SAMPLES / rate)}`;
      const ours = await load(context, `steady-${rate}`, line);
      const plain = await plainLoad(loadOptions(context, line));
      clean &&= isClean(ours);
      const bound = 2 * roundTrip.p50 + plain.deliveryLatency.p50;
      rows.push([
        whole(rate),
        whole(ours.acksPerSecond),
        `${ms(ours.ackLatency.p50)} / ${ms(ours.ackLatency.p95)} / ${ms(ours.ackLatency.p99)} / ${ms(ours.ackLatency.p999)}`,
        `${ms(ours.deliveryLatency.p50)} / ${ms(ours.deliveryLatency.p99)}`,
        ms(ours.sendLag.p99),
        whole(stackCpu(ours)),
        `${ms(plain.deliveryLatency.p50)} / ${ms(plain.deliveryLatency.p99)}`,
        ratio(ours.deliveryLatency.p50, bound),
      ]);
    }
    return {
      title: 'Steady rate, open loop: 50 channels × 10 members',
      columns: [
        'offered/s',
        'acked/s',
        'ack p50 / p95 / p99 / p99.9 ms',
        'delivery p50 / p99 ms',
        'generator late p99 ms',
        'stack CPU µs a message',
        'plain ws: delivery p50 / p99 ms',
        'delivery p50 to its bound',
      ],
      rows,
      notes: [
        `Bound of latency: two Kafka round trips (each p50 ${ms(roundTrip.p50)}, p99 ${ms(roundTrip.p99)} ms, measured one record at a time) + plain ws under the same load.`,
      ],
      clean,
    };
  },
};
