import { jest } from '@jest/globals';
import { BatchWork, WorkAbandoned } from './batch-work.js';
import { DependencyUnavailable } from './errors.js';
import type { InboundRecord } from './records.js';
import { UnreadableRecords } from './unreadable-records.js';
import { silentLog } from './silent-log.js';

const record = (offset: number): InboundRecord => ({
  topic: 'topic',
  partition: 0,
  offset: BigInt(offset),
  key: null,
  value: Buffer.from(String(offset)),
  headers: {},
  timestamp: 0,
});

const SETTLED = { settled: Promise.resolve() };

describe('BatchWork', () => {
  const calls: number[][] = [];
  const aside: string[] = [];
  let failure: (records: InboundRecord[], call: number) => Error | undefined;

  const work = new BatchWork({
    maxAttempts: 3,
    log: silentLog,
    handle: async (records) => {
      calls.push(records.map(({ offset }) => Number(offset)));
      const error = failure(records, calls.length);
      if (error) throw error;
      return SETTLED;
    },
    setAside: async ({ offset }, error, attempts) => {
      aside.push(`${offset} ${String(error)} ${attempts}`);
    },
  });
  const run = (offsets: number[], abandon = new AbortController()) => work.run(offsets.map(record), abandon.signal);

  beforeEach(() => {
    calls.length = 0;
    aside.length = 0;
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('is done after the first attempt that succeeds', async () => {
    failure = (_, call) => (call < 3 ? new Error('not yet') : undefined);
    const done = run([1, 2]);
    await jest.advanceTimersByTimeAsync(300);
    await done;
    expect(calls).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
    expect(aside).toEqual([]);
  });

  it('counts effects that fail on their way as a failure', async () => {
    let attempts = 0;
    const late = new BatchWork({
      maxAttempts: 3,
      log: silentLog,
      handle: async () => ({ settled: ++attempts < 3 ? Promise.reject(new Error('not told')) : Promise.resolve() }),
      setAside: () => Promise.reject(new Error('nothing is at fault')),
    });
    const done = late.run([record(1)], new AbortController().signal);
    await jest.advanceTimersByTimeAsync(1_000);
    await done;
    expect(attempts).toBe(3);
  });

  it('tries the records one by one after the last attempt and sets aside only the ones at fault', async () => {
    failure = (records) => (records.some(({ offset }) => offset === 2n) ? new Error('bad') : undefined);
    const done = run([1, 2, 3]);
    await jest.advanceTimersByTimeAsync(1_000);
    await done;
    expect(calls.slice(3)).toEqual([[1], [2], [3]]);
    expect(aside).toEqual(['2 Error: bad 4']);
  });

  it('sets records aside at once that cannot be read, and handles the others together', async () => {
    failure = (records) => {
      const bad = records.filter(({ offset }) => offset % 2n === 0n);
      return bad.length === 0 ? undefined : new UnreadableRecords(new Map(bad.map((one) => [one, 'not JSON'])));
    };
    await run([1, 2, 3, 4, 5]);
    expect(calls).toEqual([
      [1, 2, 3, 4, 5],
      [1, 3, 5],
    ]);
    expect(aside).toEqual(['2 Error: unreadable: not JSON 1', '4 Error: unreadable: not JSON 1']);
  });

  it('does not try a single record once more on its own', async () => {
    failure = () => new Error('bad');
    const done = run([7]);
    await jest.advanceTimersByTimeAsync(1_000);
    await done;
    expect(calls).toHaveLength(3);
    expect(aside).toEqual(['7 Error: bad 3']);
  });

  it('waits for a dependency as long as it takes, and that counts as no attempt', async () => {
    failure = (_, call) => {
      if (call <= 50) return new DependencyUnavailable('away');
      return call <= 52 ? new Error('still warming up') : undefined;
    };
    const done = run([1]);
    await jest.advanceTimersByTimeAsync(120_000);
    await done;
    expect(calls).toHaveLength(53);
    expect(aside).toEqual([]);
  });

  it('waits for a dependency also when a record is tried on its own', async () => {
    failure = (records, call) => {
      if (records.length > 1) return new Error('bad');
      return call < 20 ? new DependencyUnavailable('away') : undefined;
    };
    const done = run([1, 2]);
    await jest.advanceTimersByTimeAsync(60_000);
    await done;
    expect(aside).toEqual([]);
  });

  it('stops trying as soon as its partitions are given up', async () => {
    failure = () => new DependencyUnavailable('away');
    const abandon = new AbortController();
    const done = run([1], abandon).catch((error: unknown) => error);
    await jest.advanceTimersByTimeAsync(500);
    const before = calls.length;
    abandon.abort();
    expect(await done).toBeInstanceOf(WorkAbandoned);
    expect(calls).toHaveLength(before);
  });

  it('begins nothing when its partitions were given up before', async () => {
    failure = () => undefined;
    const abandon = new AbortController();
    abandon.abort();
    await expect(run([1], abandon)).rejects.toBeInstanceOf(WorkAbandoned);
    expect(calls).toEqual([]);
  });

  it('sets nothing aside any more when its partitions are given up during the last attempt', async () => {
    const abandon = new AbortController();
    failure = () => {
      abandon.abort();
      return new UnreadableRecords(new Map([[record(1), 'not JSON']]));
    };
    await expect(run([1], abandon)).rejects.toBeInstanceOf(WorkAbandoned);
    expect(aside).toEqual([]);
  });

  it('does not pass over a record that cannot be set aside yet', async () => {
    failure = () => new Error('bad');
    let refusals = 3;
    const patient = new BatchWork({
      maxAttempts: 1,
      log: silentLog,
      handle: () => Promise.reject(new Error('bad')),
      setAside: async () => {
        if (refusals-- > 0) throw new Error('Kafka is away');
        aside.push('kept');
      },
    });
    const done = patient.run([record(1)], new AbortController().signal);
    await jest.advanceTimersByTimeAsync(10_000);
    await done;
    expect(aside).toEqual(['kept']);
  });
});
