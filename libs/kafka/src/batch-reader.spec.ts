import { jest } from '@jest/globals';
import type { EachBatchPayload, OffsetsByTopicPartition } from 'kafkajs';
import { ScriptedConsumer, TOPIC } from '../test/scripted-consumer.js';
import { BatchReader, type BatchReaderOptions } from './batch-reader.js';
import { WorkAbandoned } from './batch-work.js';
import { KafkaAdmin } from './kafka-admin.js';
import type { KafkaHandle } from './kafka-handle.js';
import { Lines } from './lines.js';
import type { OnTheWay } from './lane.js';
import { silentLog } from './silent-log.js';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());
const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

async function setUp(begin: (offset: number, abandon: AbortSignal) => Promise<OnTheWay>) {
  const consumer = new ScriptedConsumer();
  const handle = {
    log: silentLog,
    lines: () => new Lines(),
    client: () => ({ consumer: () => consumer, admin: () => ({}) }),
  };
  const given: number[] = [];
  const options: BatchReaderOptions = {
    kafka: handle as unknown as KafkaHandle,
    groupId: 'group',
    topics: [TOPIC],
    startFrom: 'earliest',
    commitIntervalMs: 100,
    mergePartitions: true,
    sessionTimeoutMs: 60_000,
    log: silentLog,
    workOn: () => ({
      begin: (records, abandon) => {
        if (abandon.aborted) return Promise.reject(new WorkAbandoned());
        given.push(...records.map(({ offset }) => Number(offset)));
        return begin(Number(records[0]?.offset), abandon);
      },
      run: (_, abandon) => (abandon.aborted ? Promise.reject(new WorkAbandoned()) : Promise.resolve()),
    }),
    hooks: {},
  };
  const reader = new BatchReader(options);
  await reader.start({} as KafkaAdmin);
  const committed: string[] = [];
  const commit = jest.fn(async (offsets: OffsetsByTopicPartition): Promise<void> => {
    committed.push(...offsets.topics.flatMap(({ partitions }) => partitions.map(({ offset }) => offset)));
  });
  const resolved: string[] = [];
  /** Resolves when kafkajs may fetch on. */
  const fetched = (offset: number, heartbeat = () => Promise.resolve()): Promise<void> =>
    consumer.eachBatch({
      batch: {
        topic: TOPIC,
        partition: 0,
        messages: [{ offset: String(offset), key: null, value: Buffer.from('x'), timestamp: '0', headers: {} }],
        lastOffset: () => String(offset),
      },
      resolveOffset: (last: string) => void resolved.push(last),
      heartbeat,
      commitOffsetsIfNecessary: commit,
    } as unknown as EachBatchPayload);
  return { consumer, reader, fetched, given, resolved, commit, committed };
}

const SETTLED: OnTheWay = { settled: Promise.resolve() };

describe('a reader', () => {
  it('lets more be fetched as soon as a batch has begun, and commits only what is done', async () => {
    const handled = Promise.withResolvers<OnTheWay>();
    const { fetched, resolved, committed } = await setUp((offset) =>
      offset === 1 ? handled.promise : Promise.resolve(SETTLED),
    );
    let isFetchedOn = false;
    void fetched(1).then(() => (isFetchedOn = true));
    await pass(500);
    expect([isFetchedOn, resolved, committed]).toEqual([true, ['1'], []]);
    handled.resolve(SETTLED);
    await pass(500);
    expect(committed).toEqual(['2']);
  });

  it('is not held up by a commit that is never answered', async () => {
    const { fetched, commit, committed } = await setUp(() => Promise.resolve(SETTLED));
    commit.mockImplementationOnce(() => new Promise(() => undefined));
    void fetched(1);
    await pass(500);
    void fetched(2);
    await pass(10_000);
    expect(committed).toEqual(['3']);
  });

  it('commits nothing of what was under way when its partitions were given up', async () => {
    const handled = Promise.withResolvers<OnTheWay>();
    const { consumer, fetched, given, committed } = await setUp((offset) =>
      offset === 1 ? handled.promise : Promise.resolve(SETTLED),
    );
    void fetched(1);
    await pass(0);
    consumer.emit('rebalancing');
    consumer.join();
    handled.resolve(SETTLED);
    await pass(500);
    expect(committed).toEqual([]);
    void fetched(1);
    await pass(500);
    expect([given, committed]).toEqual([[1, 1], ['2']]);
  });

  it('goes on after a batch that came when its partitions had been given up', async () => {
    const { consumer, fetched, given, resolved } = await setUp(() => Promise.resolve(SETTLED));
    consumer.emit('rebalancing');
    await fetched(1);
    expect([given, resolved]).toEqual([[], []]);
    consumer.join();
    const fetchedAgain = fetched(1);
    await pass(0);
    await fetchedAgain;
    expect([given, resolved]).toEqual([[1], ['1']]);
  });

  it('gives up what is at work when it finds itself joined anew without a word, and begins that again', async () => {
    const begun: AbortSignal[] = [];
    const { consumer, fetched, committed } = await setUp((offset, abandon) => {
      const isFirst = begun.push(abandon) === 1;
      if (!isFirst) return Promise.resolve(SETTLED);
      return new Promise((_, reject) => abandon.addEventListener('abort', () => reject(new WorkAbandoned())));
    });
    void fetched(1);
    await pass(0);
    consumer.join();
    expect(begun[0]?.aborted).toBe(true);
    void fetched(1);
    await pass(500);
    expect([begun.length, committed]).toEqual([2, ['2']]);
  });

  it('takes nothing of a partition that is not its own any more', async () => {
    const { consumer, fetched, given, resolved } = await setUp(() => Promise.resolve(SETTLED));
    consumer.emit('join', { memberId: 'member', memberAssignment: { [TOPIC]: [1] } });
    await fetched(1);
    expect([given, resolved]).toEqual([[], []]);
  });

  it('goes on when it hears late that it was no member any more, and is one again', async () => {
    const { consumer, fetched, committed } = await setUp(() => Promise.resolve(SETTLED));
    const heartbeat = Promise.withResolvers<void>();
    void fetched(1, () => heartbeat.promise);
    await pass(0);
    consumer.emit('rebalancing');
    consumer.join();
    const fetchedAgain = fetched(1);
    heartbeat.reject(Object.assign(new Error('unknown member'), { type: 'UNKNOWN_MEMBER_ID' }));
    await pass(500);
    await expect(fetchedAgain).resolves.toBeUndefined();
    expect(committed).toEqual(['2']);
  });
});

describe('records that nobody is given', () => {
  const SESSION_MS = 400;
  const PATIENCE_MS = 10_000;

  async function reader(begin: () => Promise<OnTheWay>, end: bigint, hooks: BatchReaderOptions['hooks'] = {}) {
    const consumers: ScriptedConsumer[] = [];
    const pinged = { looks: 0 };
    const consumer = () => {
      const next = new ScriptedConsumer();
      consumers.push(next);
      return next;
    };
    const admin = {
      connect: async () => {},
      fetchOffsets: async () => [{ topic: TOPIC, partitions: [{ partition: 0, offset: '5' }] }],
      fetchTopicOffsets: async () => {
        pinged.looks += 1;
        return [{ partition: 0, high: String(end) }];
      },
      disconnect: async () => {},
    };
    const client = () => ({ consumer, admin: () => admin });
    const kafka = { log: silentLog, lines: () => new Lines(), client } as unknown as KafkaHandle;
    const reading = new BatchReader({
      kafka,
      groupId: 'group',
      topics: [TOPIC],
      startFrom: 'earliest',
      commitIntervalMs: 100_000,
      mergePartitions: true,
      sessionTimeoutMs: SESSION_MS,
      log: silentLog,
      workOn: () => ({ begin, run: () => Promise.resolve() }),
      hooks,
    });
    await reading.start(new KafkaAdmin(kafka));
    const heartbeats = setInterval(() => consumers.at(-1)?.emit('heartbeat'), SESSION_MS / 10);
    const until = async (condition: () => boolean) => {
      const giveUpAt = performance.now() + PATIENCE_MS;
      while (!condition() && performance.now() < giveUpAt) await pass(20);
    };
    const close = async () => {
      clearInterval(heartbeats);
      await reading.close();
    };
    const handOver = () =>
      void consumers[0]?.eachBatch({
        batch: {
          topic: TOPIC,
          partition: 0,
          messages: [{ offset: '5', key: null, value: Buffer.from('x'), timestamp: '0', headers: {} }],
          lastOffset: () => '5',
        },
        resolveOffset: () => undefined,
        heartbeat: () => Promise.resolve(),
      } as unknown as EachBatchPayload);
    return { consumers, pinged, until, handOver, close };
  }

  it('are a reason to begin anew', async () => {
    const { consumers, until, close } = await reader(() => Promise.reject(new Error('unused')), 7n);
    await until(() => consumers.length > 1);
    expect(consumers.length).toBeGreaterThan(1);
    await close();
  });

  it('are none when all has been read', async () => {
    const { consumers, pinged, until, close } = await reader(() => Promise.reject(new Error('unused')), 5n);
    await until(() => pinged.looks >= 4);
    expect([pinged.looks >= 4, consumers.length]).toEqual([true, 1]);
    await close();
  });

  it('are none when they were read, and only the commit of that is refused', async () => {
    const { consumers, pinged, until, handOver, close } = await reader(
      () => Promise.resolve({ settled: Promise.resolve() }),
      6n,
      { beforeCommit: () => Promise.reject(new Error('the database is away')) },
    );
    handOver();
    await until(() => pinged.looks >= 4);
    expect([pinged.looks >= 4, consumers.length]).toEqual([true, 1]);
    await close();
  });

  it('are none while earlier ones are at work', async () => {
    const work = Promise.withResolvers<OnTheWay>();
    const { consumers, pinged, handOver, close } = await reader(() => work.promise, 7n);
    handOver();
    await pass(4 * SESSION_MS);
    expect([pinged.looks, consumers.length]).toEqual([0, 1]);
    work.resolve({ settled: Promise.resolve() });
    await close();
  });
});
