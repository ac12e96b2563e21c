import { isClean, type LoadResult } from './result.js';

const count = (value: number): string => Math.round(value).toLocaleString('en');
const ms = (value: number): string => (value < 10 ? value.toFixed(2) : value.toFixed(1));

/** Columns as wide as they need to be; the first is aligned to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
    )
    .join('\n');
}

/** The result of a run, for people. */
export function summary(result: LoadResult): string {
  const { findings, generator } = result;
  const parts = [
    `${count(result.connect.count)} sockets: ${count(result.connect.perSecond)} connects/s, ${count(result.enter.perSecond)} enters/s` +
      (result.failedConnects > 0 ? `, ${count(result.failedConnects)} attempts refused` : ''),
    `${result.seconds.toFixed(1)} s: ${count(result.acksPerSecond)} acks/s, ${count(result.deliveriesPerSecond)} deliveries/s, ` +
      `${(result.bytesIn / 1e6).toFixed(0)} MB in, ${(result.bytesOut / 1e6).toFixed(0)} MB out`,
    '',
    latencies(result),
    '',
    ...(result.processes.length > 0 ? [processes(result), ''] : []),
    `generator: ${generator.cores.toFixed(2)} cores, ${generator.rssMiB} MiB, ${count(generator.parsedFrames)} frames parsed`,
    isClean(result)
      ? 'nothing lost, doubled, out of order or unanswered'
      : `NOT CLEAN: ${JSON.stringify({ ...findings, details: undefined })}`,
    ...findings.details,
    ...(isClean(result) && findings.refused > 0 ? [`refused ${findings.refused}, retries ${findings.retries}`] : []),
    ...Object.entries(result.errors).map(([text, times]) => `${times} × ERROR ${text}`),
    ...Object.entries(result.closeCodes).map(([code, times]) => `${times} × closed with ${code}`),
  ];
  return `${parts.join('\n')}\n`;
}

function latencies({ ackLatency, deliveryLatency, sendLag }: LoadResult): string {
  const rows = [
    ['acknowledgement', ackLatency] as const,
    ['delivery', deliveryLatency] as const,
    ...(sendLag.count > 0 ? [['sent late (own)', sendLag] as const] : []),
  ];
  return table([
    ['ms', 'count', 'mean', 'p50', 'p95', 'p99', 'p99.9', 'max'],
    ...rows.map(([name, it]) => [name, count(it.count), ...[it.mean, it.p50, it.p95, it.p99, it.p999, it.max].map(ms)]),
  ]);
}

function processes({ processes: all, memory }: LoadResult): string {
  const grown = new Map(memory.map((each) => [each.name, each.perSocketKiB]));
  const sum = (what: (each: LoadResult['processes'][number]) => number): number =>
    all.reduce((total, each) => total + what(each), 0);
  return table([
    ['process', 'CPU s', 'µs a message', 's a 100,000 deliveries', 'MiB', 'KiB a socket'],
    ...all.map((each) => [
      each.name,
      each.cpuSeconds.toFixed(2),
      each.cpuMicrosecondsPerMessage.toFixed(1),
      each.cpuSecondsPer100kDeliveries.toFixed(2),
      String(each.rssMiB),
      (grown.get(each.name) ?? 0).toFixed(1),
    ]),
    [
      'all of them',
      sum((each) => each.cpuSeconds).toFixed(2),
      sum((each) => each.cpuMicrosecondsPerMessage).toFixed(1),
      sum((each) => each.cpuSecondsPer100kDeliveries).toFixed(2),
      String(sum((each) => each.rssMiB)),
      '',
    ],
  ]);
}
