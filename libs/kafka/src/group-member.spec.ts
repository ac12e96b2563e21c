import { ScriptedConsumer } from '../test/scripted-consumer.js';
import { GroupMember } from './group-member.js';
import { type KafkaHandle, type Log } from './kafka-handle.js';
import { Lines } from './lines.js';

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
/** Longer than the pause before a restart, which would otherwise be begun again and again. */
const SESSION_MS = 1_200;
const PATIENCE_MS = 10_000;

async function setUp() {
  const consumers: ScriptedConsumer[] = [];
  const lines: Lines[] = [];
  const newLines = () => {
    const next = new Lines();
    lines.push(next);
    return next;
  };
  const admin = { connect: async () => {}, listTopics: async () => [], disconnect: async () => {} };
  const consumer = () => {
    const next = new ScriptedConsumer();
    consumers.push(next);
    return next;
  };
  const handle = { log: silent, lines: newLines, client: () => ({ consumer, admin: () => admin }) };
  const member = new GroupMember({
    kafka: handle as unknown as KafkaHandle,
    groupId: () => 'group',
    topics: ['topic'],
    startFrom: 'earliest',
    sessionTimeoutMs: SESSION_MS,
    concurrency: 1,
    eachBatch: () => Promise.resolve(),
    onJoined: () => undefined,
    onLeft: () => undefined,
  });
  await member.start();
  return { member, consumers, lines };
}

it('a member is replaced that has to join again and does not, although its heartbeats are answered', async () => {
  const { member, consumers, lines } = await setUp();
  const heartbeats = setInterval(() => consumers.at(-1)?.emit('heartbeat'), SESSION_MS / 10);
  consumers[0]?.emit('rebalancing');
  expect(member.ready()).toBe(false);
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (!member.ready() && performance.now() < giveUpAt)
    await new Promise((resolve) => setTimeout(resolve, SESSION_MS / 10));
  expect([consumers.length, member.ready()]).toEqual([2, true]);
  clearInterval(heartbeats);
  // kafkajs may go round without an end when it is told to stop then; what is left of it reaches nothing any more.
  expect(consumers.map(({ isToldToStop }) => isToldToStop)).toEqual([false, false]);
  expect(() => lines[0]?.factory({ host: '127.0.0.1', port: 1, ssl: {}, onConnect: () => undefined })).toThrow();
  await member.stop();
});
