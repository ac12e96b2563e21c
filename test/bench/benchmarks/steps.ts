import { isClean, prepare, silent } from '@parley/load';
import { plainLoad } from '../bounds/plain.ts';
import { type Benchmark, cpuParts, keep, load, loadOptions, ms, ratio, seconds, stackCpu, whole } from '../context.ts';
import { storedIn } from '../stored.ts';

/** Pairs of users who all write: one message a second each. */
export const steps: Benchmark = {
  name: 'steps',
  about: '1,000, 3,000 and 5,000 users at once in channels of two, a message a second each, 1 s limit',
  async run(context) {
    const rows = [];
    let clean = true;
    for (const users of context.long ? [1_000, 3_000, 5_000] : [1_000, 5_000]) {
      const line = `--channels ${users / 2} --members 2 --senders 2 --rate ${users} --via direct --warmup ${seconds(context, 4, 8)} --seconds ${seconds(context, 8, 30)}`;
      const options = loadOptions(context, line);
      const subject = await prepare(options, silent);
      const name = `steps-${users}`;
      const ours = await load(context, name, line, subject);
      const stored = await storedIn(context.stack, subject.data.channelIds);
      await keep(context, `${name}-stored`, { sent: ours.sent, stored });
      const plain = await plainLoad(options);
      clean &&= isClean(ours) && stored >= ours.sent - ours.findings.refused;
      rows.push([
        whole(users),
        whole(ours.acksPerSecond),
        `${(ours.withinSecond * 100).toFixed(2)} %`,
        whole(ours.findings.lost + ours.findings.unanswered),
        whole(ours.findings.refused),
        `${whole(stored)} of ${whole(ours.sent)}`,
        `${ms(ours.ackLatency.p50)} / ${ms(ours.ackLatency.p99)} / ${ms(ours.ackLatency.max)}`,
        whole(stackCpu(ours)),
        cpuParts(ours),
        `${ms(plain.ackLatency.p50)} / ${ms(plain.ackLatency.p99)}`,
        ratio(ours.acksPerSecond, plain.acksPerSecond),
      ]);
    }
    return {
      title: 'Users at once, in channels of two: one message a second each',
      columns: [
        'users = messages/s offered',
        'acked/s',
        'acked within 1 s',
        'lost or unanswered',
        'refused',
        'rows stored of messages sent',
        'ack p50 / p99 / max ms',
        'stack CPU µs a message',
        'of which',
        'plain ws: ack p50 / p99 ms',
        'acked/s to plain ws',
      ],
      rows,
      notes: [
        'An acknowledged message is stored: the rows are counted in the databases afterwards, those of the warm-up included. Plain ws stores nothing.',
      ],
      clean,
    };
  },
};
