import type { Mark } from '../run/run-report.js';

/** What is told while a run goes on. */
export interface Progress {
  step(text: string): void;
  second(before: Mark, now: Mark, index: number): void;
}

export const silent: Progress = { step: () => undefined, second: () => undefined };

const MICRO = 1_000_000;
const perSecond = (count: number): string => Math.round(count).toLocaleString('en');

/** One line that is written over each second, or one line a second where it is not a terminal. */
export function progressLine(out: NodeJS.WriteStream): Progress {
  const end = out.isTTY ? '\r' : '\n';
  const clear = out.isTTY ? '\u001b[K' : '';
  return {
    step: (text) => void out.write(`${clear}${text}\n`),
    second: (before, now, index) => {
      const span = (now.atUs - before.atUs) / MICRO;
      const parts = [
        `${index} s`,
        `acks ${perSecond((now.acks - before.acks) / span)}/s`,
        `deliveries ${perSecond((now.deliveries - before.deliveries) / span)}/s`,
        `ack p50 / p99 ${now.ackP50.toFixed(1)} / ${now.ackP99.toFixed(1)} ms`,
        `under way ${now.inFlight}`,
        ...(now.refused > 0 ? [`refused ${now.refused}`] : []),
      ];
      out.write(`${clear}${parts.join('   ')}${end}`);
    },
  };
}
