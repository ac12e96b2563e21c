import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Crew } from './crew.js';
import type { Guest, RunOptions } from './load-run.js';
import { Mark, Pace, RunReport } from './run-report.js';

/** What a worker is asked, one thing after the other; it answers each. */
export interface Order {
  readonly method: keyof Crew | 'begin';
  readonly argument: unknown;
}
const Answer = z.union([z.object({ result: z.unknown() }), z.object({ problem: z.string() })]);

const WORKER = fileURLToPath(new URL('../worker.main.js', import.meta.url));

/** A crew in a process of its own, which ends with this one. */
export async function forkCrew(guests: readonly Guest[], options: RunOptions): Promise<Crew> {
  const child = fork(WORKER, [], { serialization: 'advanced' });
  const ask = asker(child);
  await ask('begin', z.unknown(), { guests, options });
  const nothing = z.unknown().transform(() => undefined);
  return {
    connectAll: () => ask('connectAll', Pace),
    enterAll: () => ask('enterAll', Pace),
    start: () => ask('start', nothing),
    open: () => ask('open', nothing),
    mark: () => ask('mark', Mark),
    stop: () => ask('stop', nothing),
    settle: (ms) => ask('settle', nothing, ms),
    report: () => ask('report', RunReport),
    close: async () => {
      await ask('close', nothing);
      child.disconnect();
    },
  };
}

function asker(child: ChildProcess) {
  return <T>(method: Order['method'], shape: z.ZodType<T>, argument?: unknown): Promise<T> =>
    new Promise((resolve, reject) => {
      const ended = (): void => reject(new Error('a process of the load generator has ended'));
      child.once('exit', ended);
      child.once('message', (message: unknown) => {
        child.off('exit', ended);
        const answer = Answer.parse(message);
        if ('problem' in answer) reject(new Error(answer.problem));
        else resolve(shape.parse(answer.result));
      });
      child.send({ method, argument } satisfies Order);
    });
}
