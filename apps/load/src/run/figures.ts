import { type ProcessUse, usedBetween } from '../measure/processes.js';
import { percentiles, shareWithin } from '../measure/samples.js';
import type { LoadResult } from '../report/result.js';
import type { Mark, RunReport } from './run-report.js';

/** A moment of the measured time: the first is its beginning, the others follow every second. */
export interface Second {
  readonly mark: Mark;
  readonly uses: readonly ProcessUse[];
}

const MICRO = 1_000_000;

type Figures = Omit<LoadResult, 'date' | 'machine' | 'options' | 'profile' | 'data' | 'connect' | 'enter' | 'memory'>;

/** What can be said of the measured time. */
export function figures(report: RunReport, seconds: readonly Second[]): Figures {
  const [first, last] = [seconds[0], seconds.at(-1)];
  if (first === undefined || last === undefined) throw new Error('nothing was measured');
  const span = (last.mark.atUs - first.mark.atUs) / MICRO;
  const acks = last.mark.acks - first.mark.acks;
  const deliveries = last.mark.deliveries - first.mark.deliveries;
  return {
    failedConnects: report.failedConnects,
    seconds: span,
    sent: report.sent,
    acks,
    acksPerSecond: acks / span,
    deliveries,
    deliveriesPerSecond: deliveries / span,
    ackLatency: percentiles(report.ackLatency),
    deliveryLatency: percentiles(report.deliveryLatency),
    withinSecond: shareWithin(report.ackLatency, MICRO),
    sendLag: percentiles(report.sendLag),
    findings: report.findings,
    errors: counted(report.errors),
    closeCodes: counted(report.closeCodes),
    bytesIn: report.bytesIn,
    bytesOut: report.bytesOut,
    processes: usedBetween(first.uses, last.uses).map((use) => ({
      ...use,
      cpuMicrosecondsPerMessage: (use.cpuSeconds * MICRO) / Math.max(1, acks),
      cpuSecondsPer100kDeliveries: (use.cpuSeconds * 100_000) / Math.max(1, deliveries),
    })),
    generator: {
      cpuSeconds: report.cpuSeconds,
      cores: report.cpuSeconds / span,
      rssMiB: Math.round(report.rssMiB),
      parsedFrames: report.parsedFrames,
    },
    series: seriesOf(seconds),
  };
}

function seriesOf(seconds: readonly Second[]): LoadResult['series'] {
  return seconds.slice(1).map(({ mark, uses }, index) => {
    const before = seconds[index]?.mark ?? mark;
    const span = (mark.atUs - before.atUs) / MICRO;
    return {
      second: index + 1,
      acks: (mark.acks - before.acks) / span,
      deliveries: (mark.deliveries - before.deliveries) / span,
      ackP50: mark.ackP50,
      ackP99: mark.ackP99,
      deliveryP99: mark.deliveryP99,
      rssMiB: Object.fromEntries(uses.map((use) => [use.name, use.rssMiB])),
    };
  });
}

/** How often each came, over all processes. */
function counted(pairs: readonly (readonly [string | number, number])[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [name, count] of pairs) sums[name] = (sums[name] ?? 0) + count;
  return sums;
}
