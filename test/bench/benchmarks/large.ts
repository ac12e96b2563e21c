import { isClean } from '@parley/load';
import { plainLoad } from '../bounds/plain.ts';
import { type Benchmark, load, loadOptions, ms, ratio, seconds, stackCpu, whole } from '../context.ts';

/** Everybody in one channel. */
export const large: Benchmark = {
  name: 'large',
  about: 'one channel with 5,000 live members, 10 messages/s',
  async run(context) {
    const rows = [];
    let clean = true;
    for (const members of context.long ? [1_000, 5_000] : [5_000]) {
      const line = `--channels 1 --members ${members} --rate 10 --via direct --drain 60 --warmup ${seconds(context, 3, 6)} --seconds ${seconds(context, 8, 20)}`;
      const ours = await load(context, `large-${members}`, line);
      const plain = await plainLoad(loadOptions(context, line));
      clean &&= isClean(ours);
      rows.push([
        whole(members),
        whole(ours.deliveriesPerSecond),
        `${ms(ours.deliveryLatency.p50)} / ${ms(ours.deliveryLatency.p99)} / ${ms(ours.deliveryLatency.max)}`,
        `${ms(ours.ackLatency.p50)} / ${ms(ours.ackLatency.p99)}`,
        (stackCpu(ours) / (members - 1)).toFixed(2),
        `${ms(plain.deliveryLatency.p50)} / ${ms(plain.deliveryLatency.p99)}`,
        (stackCpu(plain) / (members - 1)).toFixed(2),
        ratio(ours.deliveryLatency.p99, plain.deliveryLatency.p99),
        ratio(stackCpu(ours), stackCpu(plain)),
      ]);
    }
    return {
      title: 'One large channel, 10 messages/s',
      columns: [
        'members',
        'deliveries/s',
        'delivery p50 / p99 / max ms',
        'ack p50 / p99 ms',
        'CPU µs a delivery',
        'plain ws: delivery p50 / p99 ms',
        'plain ws: CPU µs a delivery',
        'p99 to plain ws',
        'CPU to plain ws',
      ],
      rows,
      notes: ['The sockets of a message are written one after the other: the last one is the p99 of both.'],
      clean,
    };
  },
};
