import { isClean, type LoadResult } from '@parley/load';
import { apart } from '../apart.ts';
import { type Benchmark, type Context, load, ms, ratio, type Report, seconds, whole } from '../context.ts';

const memoryOf = ({ processes }: LoadResult): number =>
  processes.filter(({ name }) => /^(connection|message|push)-/.test(name)).reduce((sum, each) => sum + each.rssMiB, 0);

/** More than the system can take: it refuses in time and goes on as fast as before. */
export const overload: Benchmark = {
  name: 'overload',
  about: 'twice and five times what goes through: throughput stays, memory is flat, nothing acknowledged is lost',
  run: (context) => apart(context.stack, () => measure(context)),
};

async function measure(context: Context): Promise<Report> {
  const time = `--via direct --senders 10 --warmup ${seconds(context, 3, 8)} --seconds ${seconds(context, 8, 30)} --drain 60`;
  const peak = await load(context, 'overload-peak', `--window 8 ${time}`);
  const row = (name: string, offered: string, result: LoadResult) => [
    name,
    offered,
    whole(result.acksPerSecond),
    ratio(result.acksPerSecond, peak.acksPerSecond),
    `${ms(result.ackLatency.p50)} / ${ms(result.ackLatency.p99)}`,
    whole(result.findings.refused),
    whole(result.findings.lost + result.findings.doubled + result.findings.outOfOrder),
    whole(result.findings.unanswered),
    whole(memoryOf(result)),
  ];
  const rows = [row('peak: closed loop, window 8', '–', peak)];
  let clean = isClean(peak);
  for (const times of [2, 5]) {
    const rate = Math.round(peak.acksPerSecond * times);
    const result = await load(context, `overload-${times}`, `--rate ${rate} ${time}`);
    clean &&= isClean(result);
    rows.push(row(`${times} × the peak`, whole(rate), result));
  }
  return {
    title: 'Overload: 50 channels × 10 members',
    columns: [
      'load',
      'offered/s',
      'acked/s',
      'to the peak',
      'ack p50 / p99 ms',
      'refused with ERROR',
      'lost, doubled, out of order',
      'unanswered',
      'MiB of connection, message and push',
    ],
    rows,
    notes: [
      'The generator has the last core for itself, the system the others. The bound is the peak of the same run. Latency counts from when a message was due, not from when the generator could send it.',
    ],
    clean,
  };
}
