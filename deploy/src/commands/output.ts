import { endRunningPrograms } from '../native/run.js';

export const say = (line: string): void => void process.stdout.write(`${line}\n`);

/**
 * A signal that fires when the user interrupts the command or the system asks it to end. From now on nothing else ends this
 * process before it has cleaned up: neither more of the same, nor that nobody reads any more what it says.
 */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) return;
      controller.abort(new InterruptedError(signal));
      endRunningPrograms();
    });
  }
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  return controller.signal;
}

export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}
