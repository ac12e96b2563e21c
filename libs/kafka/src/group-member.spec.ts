import { jest } from '@jest/globals';
import type { ConsumerConfig, EachBatchPayload } from 'kafkajs';
import { ScriptedConsumer, TOPIC } from '../test/scripted-consumer.js';
import { GroupMember } from './group-member.js';
import type { KafkaHandle } from './kafka-handle.js';
import { Lines } from './lines.js';
import { silentLog } from './silent-log.js';

/** Longer than the pause before a restart, which would otherwise be begun again and again. */
const SESSION_MS = 1_200;
const PATIENCE_MS = 30_000;

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

async function setUp() {
  const consumers: ScriptedConsumer[] = [];
  const lines: Lines[] = [];
  const newLines = () => {
    const next = new Lines();
    lines.push(next);
    return next;
  };
  /** Whether the broker of the group answers for it, and how often it was asked. */
  const broker = { answers: true, asked: 0, groupState: 'Stable' };
  const describeGroups = async () => {
    broker.asked += 1;
    if (!broker.answers) throw new Error('coordinator not available');
    return { groups: [{ state: broker.groupState }] };
  };
  const admin = { connect: async () => {}, listTopics: async () => [], describeGroups, disconnect: async () => {} };
  /** What waits without being handed over. */
  const unread: string[] = [];
  const handedOver: string[] = [];
  /** Who was taken out of the group. */
  const dismissed: string[] = [];
  const leaveGroup = async ({ groupId, memberId }: { groupId: string; memberId: string }) =>
    void dismissed.push(`${memberId} of ${groupId}`);
  const cluster = { findGroupCoordinator: async () => ({ leaveGroup }) };
  const consumer = ({ partitionAssigners = [] }: ConsumerConfig) => {
    for (const assigner of partitionAssigners) assigner({ cluster, groupId: '', logger: {} } as never);
    const next = new ScriptedConsumer(`member ${consumers.length + 1}`);
    consumers.push(next);
    return next;
  };
  const handle = { log: silentLog, lines: newLines, client: () => ({ consumer, admin: () => admin }) };
  const member = new GroupMember({
    kafka: handle as unknown as KafkaHandle,
    groupId: () => 'group',
    topics: [TOPIC],
    startFrom: 'earliest',
    sessionTimeoutMs: SESSION_MS,
    concurrency: 1,
    eachBatch: async ({ batch }) => void handedOver.push(batch.lastOffset()),
    onJoined: () => undefined,
    onLeft: () => undefined,
    unread: async (partitions) =>
      unread.filter((place) => partitions[TOPIC]?.some((each) => place === `${TOPIC} ${each}`)),
  });
  await member.start();
  return { member, consumers, lines, broker, dismissed, unread, handedOver };
}

async function until(condition: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (!condition() && performance.now() < giveUpAt) await jest.advanceTimersByTimeAsync(SESSION_MS / 10);
}

it('a silent member keeps its membership while the broker of its group is away, whoever else answers', async () => {
  const { member, consumers, broker, dismissed } = await setUp();
  broker.answers = false;
  await until(() => broker.asked >= 4);
  expect([broker.asked, consumers.length, member.ready()]).toEqual([4, 1, false]);
  broker.answers = true;
  await until(() => consumers.length > 1 && member.ready());
  expect(consumers).toHaveLength(2);
  // The group does not wait for the end of its session.
  expect(dismissed).toEqual(['member 1 of group']);
  await member.stop();
});

it('a member that Kafka lets wait for others is kept, however long Kafka was away before, but not for ever', async () => {
  const { member, consumers, broker } = await setUp();
  broker.answers = false;
  broker.groupState = 'PreparingRebalance';
  await until(() => broker.asked >= 8);
  broker.answers = true;
  await until(() => broker.asked >= 13);
  expect(consumers).toHaveLength(1);
  consumers[0]?.join();
  consumers[0]?.emit('heartbeat');
  expect(member.ready()).toBe(true);
  await until(() => consumers.length > 1);
  expect(broker.asked).toBe(19);
  await member.stop();
});

it('a member is replaced that has to join again and does not, although its heartbeats are answered', async () => {
  const { member, consumers, lines } = await setUp();
  const heartbeats = setInterval(() => consumers.at(-1)?.emit('heartbeat'), SESSION_MS / 10);
  consumers[0]?.emit('rebalancing');
  expect(member.ready()).toBe(false);
  await until(() => member.ready());
  expect([consumers.length, member.ready()]).toEqual([2, true]);
  clearInterval(heartbeats);
  // kafkajs may go round without an end when it is told to stop then; what is left of it reaches nothing any more.
  expect(consumers.map(({ isToldToStop }) => isToldToStop)).toEqual([false, false]);
  expect(() => lines[0]?.factory({ host: '127.0.0.1', port: 1, ssl: {}, onConnect: () => undefined })).toThrow();
  await member.stop();
});

const heartbeating = (consumers: readonly ScriptedConsumer[]) =>
  setInterval(() => consumers.at(-1)?.emit('heartbeat'), SESSION_MS / 10);
const batchUpTo = (offset: string) =>
  ({ batch: { topic: TOPIC, partition: 0, lastOffset: () => offset } }) as EachBatchPayload;

it('a member is replaced that is not given what there is, although its heartbeats are answered', async () => {
  const { member, consumers, unread, dismissed } = await setUp();
  const heartbeats = heartbeating(consumers);
  unread.push(`${TOPIC} 0`);
  await until(() => consumers.length > 1 && member.ready());
  expect([consumers.length, dismissed]).toEqual([2, ['member 1 of group']]);
  clearInterval(heartbeats);
  await member.stop();
});

it('a member stays that is late, as long as something comes', async () => {
  const { member, consumers, unread } = await setUp();
  const heartbeats = heartbeating(consumers);
  unread.push(`${TOPIC} 0`);
  let batches = 0;
  const coming = setInterval(() => {
    batches += 1;
    void consumers[0]?.eachBatch(batchUpTo('7'));
  }, SESSION_MS / 4);
  await until(() => batches > 12);
  expect(consumers).toHaveLength(1);
  clearInterval(coming);
  clearInterval(heartbeats);
  await member.stop();
});

it('what a member that was replaced still hands over is not taken', async () => {
  const { member, consumers, handedOver } = await setUp();
  await consumers[0]?.eachBatch(batchUpTo('7'));
  consumers[0]?.emit('crash', { error: new Error('gone') });
  await consumers[0]?.eachBatch(batchUpTo('8'));
  await until(() => consumers.length > 1 && member.ready());
  await consumers[0]?.eachBatch(batchUpTo('9'));
  await consumers[1]?.eachBatch(batchUpTo('9'));
  expect(handedOver).toEqual(['7', '9']);
  await member.stop();
});
