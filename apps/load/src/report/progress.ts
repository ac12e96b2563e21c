import type { Mark } from '../measure/recorder.js';
import { quantile, type Samples } from '../measure/samples.js';
import type { LoadRun } from '../run/load-run.js';

/** What is told while a run goes on. */
export interface Progress {
  step(text: string): void;
  second(run: LoadRun, before: Mark, now: Mark, index: number): void;
}

export const silent: Progress = { step: () => undefined, second: () => undefined };

const MICRO = 1_000_000;
const perSecond = (count: number): string => Math.round(count).toLocaleString('en');

function recent(samples: Samples, from: number): string {
  const sorted = samples.slice(from).toSorted();
  return [0.5, 0.99].map((share) => (quantile(sorted, share) / 1000).toFixed(1)).join(' / ');
}

/** One line that is written over each second, or one line a second where it is not a terminal. */
export function progressLine(out: NodeJS.WriteStream): Progress {
  const end = out.isTTY ? '\r' : '\n';
  const clear = out.isTTY ? '\u001b[K' : '';
  return {
    step: (text) => void out.write(`${clear}${text}\n`),
    second: (run, before, now, index) => {
      const span = (now.atUs - before.atUs) / MICRO;
      const { recorder } = run;
      const parts = [
        `${index} s`,
        `acks ${perSecond((now.acks - before.acks) / span)}/s`,
        `deliveries ${perSecond((now.deliveries - before.deliveries) / span)}/s`,
        `ack p50 / p99 ${recent(recorder.ackLatency, before.ackSamples)} ms`,
        `under way ${run.inFlight}`,
        ...(recorder.refused > 0 ? [`refused ${recorder.refused}`] : []),
      ];
      out.write(`${clear}${parts.join('   ')}${end}`);
    },
  };
}
