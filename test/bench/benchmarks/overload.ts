import { availableParallelism } from 'node:os';
import { isClean, type LoadResult } from '@parley/load';
import { apart } from '../apart.ts';
import { plainRefusal } from '../bounds/plain.ts';
import { type Benchmark, type Context, load, loadOptions, ms, ratio, type Report, seconds, whole } from '../context.ts';

const memoryOf = ({ processes }: LoadResult): number =>
  processes.filter(({ name }) => /^(connection|message|push)-/.test(name)).reduce((sum, each) => sum + each.rssMiB, 0);

/** More than the system can take: it refuses in time and goes on as fast as before. */
export const overload: Benchmark = {
  name: 'overload',
  about: 'twice and five times what goes through: throughput stays, memory is flat, nothing acknowledged is lost',
  run: (context) => apart(context.stack, (place) => measure(context, place)),
};

/** CPU of a server that does nothing but refuse, for one message, in microseconds. */
function refusalCpu({ processes, sent }: LoadResult): number {
  return (processes.reduce((sum, each) => sum + each.cpuSeconds, 0) * 1e6) / Math.max(sent, 1);
}

async function measure(context: Context, place: (pid: number) => void): Promise<Report> {
  const cores = Math.max(1, availableParallelism() - 1);
  const time = `--via direct --senders 10 --warmup ${seconds(context, 3, 8)} --seconds ${seconds(context, 6, 30)} --drain 60`;
  const peak = await load(context, 'overload-peak', `--window 8 ${time}`);
  const row = (name: string, offered: string, result: LoadResult, bound: readonly string[]) => [
    name,
    offered,
    whole(result.acksPerSecond),
    ratio(result.acksPerSecond, peak.acksPerSecond),
    `${ms(result.ackLatency.p50)} / ${ms(result.ackLatency.p99)}`,
    whole(result.findings.refused),
    whole(result.findings.lost + result.findings.doubled + result.findings.outOfOrder),
    whole(result.findings.unanswered),
    whole(memoryOf(result)),
    ...bound,
  ];
  const rows = [row('peak: closed loop, window 8', '–', peak, ['–', '–'])];
  let clean = isClean(peak);
  for (const times of [2, 5]) {
    const rate = Math.round(peak.acksPerSecond * times);
    const line = `--rate ${rate} ${time}`;
    const result = await load(context, `overload-${times}`, line);
    clean &&= isClean(result);
    const cpu = refusalCpu(await plainRefusal(loadOptions(context, line), place));
    // Of each second of the cores, what refusing the rest leaves for as many messages as the peak has.
    const most = (cores * 1e6 - rate * cpu) / (cores * 1e6 - peak.acksPerSecond * cpu);
    rows.push(row(`${times} × the peak`, whole(rate), result, [ms(cpu), ratio(Math.max(0, most), 1)]));
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
      'plain ws that refuses everything: CPU µs a message',
      'what that leaves, to the peak',
    ],
    rows,
    notes: [
      'The generator has the last core for itself, the system the others. The bound is the peak of the same run. Latency counts from when a message was due, not from when the generator could send it.',
      'A plain ws server that reads no message and sends the same ERROR for each, on the same cores under the same load, shows how much of the difference is the refusing itself. It is no limit: a server that is busy reads more at once, and pays less for each.',
    ],
    clean,
  };
}
