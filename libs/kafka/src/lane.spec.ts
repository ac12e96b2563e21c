import fc from 'fast-check';
import { Lane, type OnTheWay } from './lane.js';
import type { InboundRecord } from './records.js';

const record = (offset: number): InboundRecord => ({
  topic: 'topic',
  partition: 0,
  offset: BigInt(offset),
  key: null,
  value: Buffer.alloc(0),
  headers: {},
  timestamp: 0,
});
const numbersOf = (records: readonly InboundRecord[]) => records.map(({ offset }) => Number(offset));
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A lane whose work is done step by step by the test. */
function setUp() {
  const begun: { numbers: number[]; handled: PromiseWithResolvers<void>; settled: PromiseWithResolvers<void> }[] = [];
  const insisted: { numbers: number[]; done: PromiseWithResolvers<void> }[] = [];
  const lane = new Lane({
    begin: async (records): Promise<OnTheWay> => {
      const step = {
        numbers: numbersOf(records),
        handled: Promise.withResolvers<void>(),
        settled: Promise.withResolvers<void>(),
      };
      begun.push(step);
      await step.handled.promise;
      return { settled: step.settled.promise };
    },
    insist: async (records) => {
      const step = { numbers: numbersOf(records), done: Promise.withResolvers<void>() };
      insisted.push(step);
      await step.done.promise;
    },
  });
  const done: number[] = [];
  const failed: number[] = [];
  const add = (...numbers: number[]): void => {
    lane.add(numbers.map(record)).then(
      () => done.push(...numbers),
      () => failed.push(...numbers),
    );
  };
  return { lane, begun, insisted, done, failed, add };
}

describe('a lane', () => {
  it('handles together what comes in one turn, and what comes while it is busy', async () => {
    const { add, begun } = setUp();
    add(1);
    add(2, 3);
    await turn();
    add(4);
    add(5);
    expect(begun.map(({ numbers }) => numbers)).toEqual([[1, 2, 3]]);
    begun[0]?.handled.resolve();
    await turn();
    expect(begun.map(({ numbers }) => numbers)).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
  });

  it('begins the next batch while effects are on their way, and calls nothing done before what came earlier', async () => {
    const { add, begun, done } = setUp();
    for (const number of [1, 2]) {
      add(number);
      await turn();
      begun.at(-1)?.handled.resolve();
      await turn();
    }
    begun[1]?.settled.resolve();
    await turn();
    expect(done).toEqual([]);
    begun[0]?.settled.resolve();
    await turn();
    expect(done).toEqual([1, 2]);
  });

  it('handles everything again from the first failure on, in order, before anything later', async () => {
    const { add, begun, insisted, done } = setUp();
    for (const number of [1, 2, 3]) {
      add(number);
      await turn();
      begun.at(-1)?.handled.resolve();
      await turn();
    }
    begun[0]?.settled.resolve();
    begun[2]?.settled.resolve();
    begun[1]?.settled.reject(new Error('not told'));
    add(4);
    await turn();
    expect(insisted.map(({ numbers }) => numbers)).toEqual([[2, 3]]);
    expect(begun).toHaveLength(3);
    insisted[0]?.done.resolve();
    await turn();
    expect(done).toEqual([1, 2, 3]);
    expect(begun.at(-1)?.numbers).toEqual([4]);
  });

  it('waits with the repetition for the batch at hand', async () => {
    const { add, begun, insisted } = setUp();
    add(1);
    await turn();
    begun[0]?.handled.resolve();
    await turn();
    add(2);
    await turn();
    begun[0]?.settled.reject(new Error('not told'));
    await turn();
    expect(insisted).toEqual([]);
    begun[1]?.handled.resolve();
    await turn();
    expect(insisted.map(({ numbers }) => numbers)).toEqual([[1, 2]]);
  });

  it('passes on that work was given up, and is idle then', async () => {
    const { lane, add, begun, insisted, failed } = setUp();
    add(1);
    await turn();
    begun[0]?.handled.reject(new Error('bad'));
    await turn();
    insisted[0]?.done.reject(new Error('given up'));
    await lane.idle();
    await turn();
    expect(failed).toEqual([1]);
  });

  it('has room again as soon as everything has begun', async () => {
    const { lane, add, begun } = setUp();
    add(1);
    await turn();
    await lane.hasRoom();
    add(2);
    let hasRoom = false;
    void lane.hasRoom().then(() => (hasRoom = true));
    await turn();
    expect(hasRoom).toBe(false);
    begun[0]?.handled.resolve();
    await turn();
    expect(hasRoom).toBe(true);
  });

  it('does each record at least once and ends in the order in which they came, whatever fails', async () => {
    const outcome = fc.constantFrom('fine', 'fails at once', 'fails later', 'fails much later');
    await fc.assert(
      fc.asyncProperty(
        fc.array(outcome, { maxLength: 40 }),
        fc.array(fc.nat(3), { minLength: 1 }),
        async (outcomes, pauses) => {
          const effects: number[] = [];
          let attempt = 0;
          const lane = new Lane({
            begin: async (records) => {
              const what = outcomes[attempt++] ?? 'fine';
              await turn();
              if (what === 'fails at once') throw new Error(what);
              effects.push(...numbersOf(records));
              if (what === 'fine') return { settled: turn().then(() => undefined) };
              const later = what === 'fails later' ? turn() : turn().then(turn).then(turn);
              return { settled: later.then(() => Promise.reject(new Error(what))) };
            },
            insist: async (records) => {
              await turn();
              effects.push(...numbersOf(records));
            },
          });
          const done: number[] = [];
          for (let number = 0; number < 40; number++) {
            void lane.add([record(number)]).then(() => done.push(number));
            for (let wait = pauses[number % pauses.length] ?? 0; wait > 0; wait--) await turn();
          }
          await lane.idle();
          await turn();
          const all = Array.from({ length: 40 }, (_, number) => number);
          expect(done).toEqual(all);
          // The last time each record had its effect, it was in order.
          expect([...new Set(effects.toReversed())].toReversed()).toEqual(all);
        },
      ),
      { numRuns: 60 },
    );
  });
});
