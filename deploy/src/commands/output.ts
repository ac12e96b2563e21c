import { endRunningPrograms } from '../native/run.js';

export const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** A signal that fires when the user interrupts the command or the system asks it to end. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      controller.abort(new InterruptedError(signal));
      endRunningPrograms();
    });
  }
  return controller.signal;
}

export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}
