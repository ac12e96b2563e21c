import { jest } from '@jest/globals';
import type { ConsumerConfig, EachBatchPayload } from 'kafkajs';
import { ScriptedConsumer, TOPIC } from '../test/scripted-consumer.js';
import { BroadcastConsumer } from './broadcast-consumer.js';
import type { KafkaHandle } from './kafka-handle.js';
import { Lines } from './lines.js';
import { silentLog } from './silent-log.js';

/** Longer than the pause before a restart. */
const PATIENCE_MS = 2_000;

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

async function setUp() {
  const consumers: ScriptedConsumer[] = [];
  const groups: string[] = [];
  const topic = { end: 7 };
  const admin = {
    connect: async () => {},
    disconnect: async () => {},
    listTopics: async () => [TOPIC],
    fetchTopicOffsets: async () => [{ partition: 0, high: String(topic.end) }],
    listGroups: async () => ({ groups: [] }),
  };
  const consumer = ({ groupId }: ConsumerConfig) => {
    const next = new ScriptedConsumer();
    consumers.push(next);
    groups.push(groupId);
    return next;
  };
  const handle = { log: silentLog, lines: () => new Lines(), client: () => ({ consumer, admin: () => admin }) };
  const broadcast = new BroadcastConsumer({ kafka: handle as unknown as KafkaHandle, groupPrefix: 'listen' });
  const heard: string[] = [];
  await broadcast.start(TOPIC, (records) => void heard.push(...records.map(({ offset }) => String(offset))));
  return { broadcast, consumers, groups, heard, topic };
}

const handOver = (consumer: ScriptedConsumer | undefined, ...offsets: number[]) =>
  consumer?.eachBatch({
    batch: {
      topic: TOPIC,
      partition: 0,
      messages: offsets.map((offset) => ({
        offset: String(offset),
        key: null,
        value: Buffer.from('x'),
        timestamp: '0',
        headers: {},
      })),
      lastOffset: () => String(offsets.at(-1)),
    },
    resolveOffset: () => undefined,
  } as unknown as EachBatchPayload);

async function successor(consumers: readonly ScriptedConsumer[]): Promise<ScriptedConsumer | undefined> {
  await jest.advanceTimersByTimeAsync(PATIENCE_MS);
  return consumers[1];
}

it('goes on in another group, where nobody waits for the session of a consumer that is gone', async () => {
  const { broadcast, consumers, groups } = await setUp();
  await handOver(consumers[0], 7, 8);
  consumers[0]?.emit('crash', { error: new Error('gone') });
  const second = await successor(consumers);
  expect([consumers[0]?.sought, second?.sought]).toEqual([['7'], ['9']]);
  expect(new Set(groups).size).toBe(2);
  expect(groups.every((group) => group.startsWith('listen-'))).toBe(true);
  await broadcast.close();
});

it('hands over each record once, even if a consumer that is gone comes late with some', async () => {
  const { broadcast, consumers, heard } = await setUp();
  await handOver(consumers[0], 7, 8);
  consumers[0]?.emit('crash', { error: new Error('gone') });
  const second = await successor(consumers);
  await handOver(second, 9, 10);
  await handOver(consumers[0], 9);
  await handOver(consumers[0], 10, 11);
  await handOver(second, 11, 12);
  expect(heard).toEqual(['7', '8', '9', '10', '11', '12']);
  await broadcast.close();
});

it('tells whether it has handed over all that there is', async () => {
  const { broadcast, consumers, topic } = await setUp();
  expect(await broadcast.hasReadAll(TOPIC)).toBe(true);
  topic.end = 9;
  expect(await broadcast.hasReadAll(TOPIC)).toBe(false);
  await handOver(consumers[0], 7, 8);
  expect(await broadcast.hasReadAll(TOPIC)).toBe(true);
  await broadcast.close();
});

it('reads a topic that was created again from its beginning', async () => {
  const { broadcast, consumers, heard, topic } = await setUp();
  await handOver(consumers[0], 7, 8);
  topic.end = 9;
  expect(await broadcast.hasLost(TOPIC)).toBe(false);
  topic.end = 2;
  expect(await broadcast.hasLost(TOPIC)).toBe(true);
  await broadcast.startAnew(TOPIC);
  await handOver(consumers[1], 0, 1);
  expect(heard).toEqual(['7', '8', '0', '1']);
  expect(consumers[1]?.sought).toEqual([]);
  expect(await broadcast.hasLost(TOPIC)).toBe(false);
  await broadcast.close();
});
