import { jest } from '@jest/globals';
import { ProducerOverloaded, ProduceTimeout, RecordRefused } from './errors.js';
import { ProduceQueue, type QueueLimits, RequestRefused } from './produce-queue.js';
import type { AddressedRecord } from './records.js';

const LIMITS: QueueLimits = {
  maxGapMs: 4,
  maxRequestRecords: 3,
  maxRequestBytes: 100,
  maxQueuedRecords: 10,
  maxQueuedBytes: 500,
  timeoutMs: 1_000,
};

interface Request {
  at: number;
  values: string[];
  confirm(): void;
  fail(error: Error): void;
}

/** Keeps every request open until the test says what became of it. */
class FakeKafka {
  readonly requests: Request[] = [];

  readonly send = (records: readonly AddressedRecord[]): Promise<void> =>
    new Promise((confirm, fail) => {
      const values = records.map(({ value }) => value.toString());
      this.requests.push({ at: performance.now(), values, confirm, fail });
    });

  get values(): string[][] {
    return this.requests.map(({ values }) => values);
  }
}

const record = (value: string, topic = 'topic'): AddressedRecord => ({ topic, key: 'k', value });
const outcome = (promise: Promise<void>) =>
  promise.then(
    () => 'confirmed',
    (error: unknown) => error,
  );

describe('ProduceQueue', () => {
  let kafka: FakeKafka;
  let queue: ProduceQueue;

  beforeEach(() => {
    jest.useFakeTimers();
    kafka = new FakeKafka();
    queue = new ProduceQueue(kafka.send, LIMITS);
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

  it('sends at once after a pause, and together what was added in one turn', async () => {
    void queue.add([record('a')]);
    void queue.add([record('b')]);
    await pass(0);
    expect(kafka.values).toEqual([['a', 'b']]);
  });

  it('has one request in flight and gathers the next meanwhile', async () => {
    void queue.add([record('a')]);
    await pass(0);
    void queue.add([record('b')]);
    void queue.add([record('c')]);
    await pass(50);
    expect(kafka.values).toEqual([['a']]);
    kafka.requests[0]?.confirm();
    await pass(0);
    expect(kafka.values).toEqual([['a'], ['b', 'c']]);
  });

  it.each([
    ['one that carried two records, after two milliseconds', 2, 2],
    ['one that carried more, after the longest gap', 9, 4],
  ])('starts a request after %s', async (_, records, gapMs) => {
    queue = new ProduceQueue(kafka.send, { ...LIMITS, maxRequestRecords: 9 });
    void queue.add(Array.from({ length: records }, () => record('a')));
    await pass(0);
    kafka.requests[0]?.confirm();
    await pass(1);
    void queue.add([record('b')]);
    await pass(gapMs - 2);
    expect(kafka.requests).toHaveLength(1);
    await pass(2);
    expect(kafka.requests).toHaveLength(2);
    expect((kafka.requests[1]?.at ?? 0) - (kafka.requests[0]?.at ?? 0)).toBeGreaterThanOrEqual(gapMs);
  });

  it('limits a request in records and bytes', async () => {
    void queue.add(['a', 'b', 'c', 'd'].map((value) => record(value)));
    void queue.add([record('x'.repeat(60))]);
    void queue.add([record('y'.repeat(60))]);
    for (let i = 0; i < 4; i++) {
      await pass(10);
      kafka.requests.at(-1)?.confirm();
    }
    expect(kafka.values.map((values) => values.map((value) => value[0]).join(''))).toEqual(['abc', 'dx', 'y']);
  });

  it('confirms a group only when all of it is confirmed', async () => {
    const group = outcome(queue.add(['a', 'b', 'c', 'd'].map((value) => record(value))));
    let settled = false;
    void group.then(() => (settled = true));
    await pass(0);
    kafka.requests[0]?.confirm();
    await pass(10);
    expect(settled).toBe(false);
    kafka.requests[1]?.confirm();
    await expect(group).resolves.toBe('confirmed');
  });

  it('takes a record back that is still waiting at its deadline, and says that it was not sent', async () => {
    void outcome(queue.add([record('a')]));
    await pass(0);
    const late = outcome(queue.add([record('b')]));
    await pass(LIMITS.timeoutMs);
    expect(await late).toEqual(new ProduceTimeout(false));
    expect(await late).toMatchObject({ sent: false });
    kafka.requests[0]?.confirm();
    await pass(10);
    expect(kafka.values).toEqual([['a']]);
  });

  it('says that it does not know when the deadline passes in flight, and does not send again', async () => {
    const late = outcome(queue.add([record('a')]));
    await pass(LIMITS.timeoutMs);
    expect(await late).toMatchObject({ name: 'ProduceTimeout', sent: 'unknown' });
    kafka.requests[0]?.fail(new Error('no answer'));
    await pass(1_000);
    expect(kafka.requests).toHaveLength(1);
    expect(queue.stats()).toEqual({ requests: 0, records: 0, queued: 0 });
  });

  it('tries again before anything newer while Kafka is away', async () => {
    const first = outcome(queue.add([record('a')]));
    await pass(0);
    kafka.requests[0]?.fail(new Error('connection closed'));
    const second = outcome(queue.add([record('b')]));
    await pass(300);
    kafka.requests[1]?.confirm();
    await pass(10);
    kafka.requests[2]?.confirm();
    expect(kafka.values).toEqual([['a'], ['a'], ['b']]);
    expect(await Promise.all([first, second])).toEqual(['confirmed', 'confirmed']);
    expect(queue.stats()).toEqual({ requests: 2, records: 2, queued: 0 });
  });

  it('refuses only the records that are at fault', async () => {
    const gone = outcome(queue.add([record('a', 'gone')]));
    const good = outcome(queue.add([record('b')]));
    await pass(0);
    kafka.requests[0]?.fail(new RequestRefused('no such topic', ({ topic }) => topic === 'gone'));
    await pass(0);
    kafka.requests[1]?.confirm();
    expect(await gone).toEqual(new RecordRefused('gone: no such topic'));
    expect(await good).toBe('confirmed');
    expect(kafka.values).toEqual([['a', 'b'], ['b']]);
  });

  it('refuses at once what is too large, or too much', async () => {
    expect(await outcome(queue.add([record('x'.repeat(101))]))).toBeInstanceOf(RecordRefused);
    void outcome(queue.add(Array.from({ length: 9 }, () => record('a'))));
    expect(await outcome(queue.add([record('b'), record('c')]))).toBeInstanceOf(ProducerOverloaded);
    expect(queue.stats().queued).toBe(9);
  });

  it('is drained when everything is confirmed', async () => {
    void queue.add(['a', 'b', 'c', 'd'].map((value) => record(value)));
    let drained = false;
    void queue.drained().then(() => (drained = true));
    await pass(0);
    kafka.requests[0]?.confirm();
    await pass(10);
    expect(drained).toBe(false);
    kafka.requests[1]?.confirm();
    await pass(10);
    expect(drained).toBe(true);
  });
});
