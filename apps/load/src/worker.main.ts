// One of several processes of a large run; started and told what to do by forked-crew.ts.
import { type Crew, LocalCrew } from './run/crew.js';
import type { Order } from './run/forked-crew.js';
import { type Guest, LoadRun, type RunOptions } from './run/load-run.js';

interface Beginning {
  readonly guests: readonly Guest[];
  readonly options: RunOptions;
}

let crew: Crew | undefined;

async function obey({ method, argument }: Order): Promise<unknown> {
  if (method === 'begin') {
    // From the same program: see forkCrew.
    const { guests, options } = argument as Beginning;
    crew = new LocalCrew(new LoadRun(guests, options));
    return undefined;
  }
  if (crew === undefined) throw new Error('a worker has to begin first');
  return method === 'settle' ? crew.settle(Number(argument)) : crew[method]();
}

process.on('message', (order: Order) => {
  obey(order).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ problem: error instanceof Error ? error.message : String(error) }),
  );
});
process.once('disconnect', () => process.exit(0));
