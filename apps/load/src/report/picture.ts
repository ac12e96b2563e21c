import type { LoadResult } from './result.js';
import { chart, type Line } from './svg.js';

const MOST_LINES = 9;

/** A run over time: throughput, latency, memory of the largest processes. */
export function picture(title: string, { series }: Pick<LoadResult, 'series'>): string {
  const line = (name: string, value: (second: LoadResult['series'][number]) => number): Line => ({
    name,
    points: series.map(value),
  });
  const last = series.at(-1)?.rssMiB ?? {};
  const largest = Object.entries(last)
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, MOST_LINES);
  return chart(title, [
    {
      title: 'Throughput',
      unit: 'a second',
      lines: [line('messages acknowledged', (at) => at.acks), line('deliveries', (at) => at.deliveries)],
    },
    {
      title: 'Latency',
      unit: 'ms',
      lines: [
        line('acknowledgement p50', (at) => at.ackP50),
        line('acknowledgement p99', (at) => at.ackP99),
        line('delivery p99', (at) => at.deliveryP99),
      ],
    },
    { title: 'Memory', unit: 'MiB', lines: largest.map(([name]) => line(name, (at) => at.rssMiB[name] ?? 0)) },
  ]);
}
