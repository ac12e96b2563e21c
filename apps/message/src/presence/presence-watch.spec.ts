import { jest } from '@jest/globals';
import { connectionPresence, type ConnectionPresence, PRESENCE } from '@parley/contracts';
import type { BatchingProducer, BroadcastConsumer, BroadcastHandler } from '@parley/kafka';
import { ConsulClient, createLogger } from '@parley/platform';
import { channelId, seq, userId } from '@parley/protocol';
import { type LostSocket, PresenceMap } from './presence-map.js';
import { PresenceWatch } from './presence-watch.js';

const room = channelId(7);
const VIEWER = { s1: userId(1), s2: userId(2) };
type Server = keyof typeof VIEWER;

const log = createLogger({ service: 'message', instance: '1', level: 'silent' });
const lifeSign = (server: Server): ConnectionPresence => ({
  kind: 'DELTA',
  server,
  boot: 'b',
  changed: [],
  closed: [],
});
const snapshot = (server: Server): ConnectionPresence => ({
  kind: 'SNAPSHOT',
  server,
  boot: 'b',
  part: { snapshot: 1, index: 0, last: true },
  connections: [{ connection: `${server}-1`, userId: VIEWER[server], channelId: room }],
  cursors: [[room, seq(4)]],
});

/** A watch whose reader is in the hands of the test; Consul is not there. */
function setUp() {
  let handler: BroadcastHandler = () => undefined;
  /** What Kafka says, when asked, about there being something to read. */
  const kafka = { hasReadAll: async (): Promise<boolean> => true };
  const consumer = {
    start: async (_topic: string, take: BroadcastHandler) => void (handler = take),
    hasReadAll: () => kafka.hasReadAll(),
  } as unknown as BroadcastConsumer;
  const producer = { send: async () => undefined } as unknown as BatchingProducer;
  const watch = new PresenceWatch(new PresenceMap(), consumer, producer, new ConsulClient([]), log);
  const lost: LostSocket[] = [];
  let isStarted = false;
  const started = watch.start((viewers) => void lost.push(...viewers)).then(() => (isStarted = true));
  const reads = async (...records: ConnectionPresence[]): Promise<void> => {
    for (const record of records) {
      const value = Buffer.from(connectionPresence.encode(record));
      await handler([
        { topic: connectionPresence.name, partition: 0, offset: 0n, key: null, value, headers: {}, timestamp: 0 },
      ]);
    }
  };
  return { watch, kafka, lost, reads, started, isStarted: () => isStarted };
}

async function running() {
  const stage = setUp();
  await pass(0);
  await stage.reads(snapshot('s1'), snapshot('s2'));
  await pass(2_000);
  await stage.started;
  await stage.reads(lifeSign('s1'), lifeSign('s2'));
  return stage;
}

const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);

const whoLeft = (lost: readonly LostSocket[]) => lost.map((viewer) => viewer.userId);

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('the silence of a connection server', () => {
  it('counts after five seconds while others are heard', async () => {
    const { watch, lost, reads } = await running();
    for (let second = 0; second < 5; second += 1) {
      await pass(1_000);
      await reads(lifeSign('s2'));
    }
    expect(lost).toEqual([]);
    await pass(1_000);
    await reads(lifeSign('s2'));
    await pass(1_000);
    expect(lost).toEqual([{ channelId: room, userId: VIEWER.s1, server: 's1', connection: 's1-1', seen: 4 }]);
    watch.onApplicationShutdown();
  });

  it('counts when nobody is heard and Kafka has nothing to read', async () => {
    const { watch, lost } = await running();
    await pass(4_000);
    expect(lost).toEqual([]);
    await pass(3_000);
    expect(whoLeft(lost)).toEqual([VIEWER.s1, VIEWER.s2]);
    watch.onApplicationShutdown();
  });

  it.each([
    ['its reader has not read what there is', async () => false],
    ['Kafka is away', () => Promise.reject(new Error('away'))],
  ])('does not count while %s', async (_why, hasReadAll) => {
    const { watch, kafka, lost, reads } = await running();
    kafka.hasReadAll = hasReadAll;
    await pass(13_000);
    kafka.hasReadAll = async () => true;
    await reads(lifeSign('s1'));
    await pass(2_000);
    await reads(lifeSign('s1'), lifeSign('s2'));
    await pass(PRESENCE.deadAfterMs);
    expect(lost).toEqual([]);
    watch.onApplicationShutdown();
  });

  it('counts whatever is done to the time of day', async () => {
    const { watch, lost, reads } = await running();
    jest.setSystemTime(Date.now() - 600_000);
    for (let second = 0; second < 7; second += 1) {
      await pass(1_000);
      await reads(lifeSign('s2'));
    }
    expect(whoLeft(lost)).toEqual([VIEWER.s1]);
    watch.onApplicationShutdown();
  });
});

describe('a start without Consul', () => {
  it('waits until those that are heard have told of all they hold', async () => {
    const { watch, reads, started, isStarted } = setUp();
    await pass(0);
    await reads(snapshot('s1'), lifeSign('s2'));
    await pass(1_500);
    expect(isStarted()).toBe(false);
    await reads(snapshot('s2'));
    await pass(100);
    await started;
    watch.onApplicationShutdown();
  });
});
