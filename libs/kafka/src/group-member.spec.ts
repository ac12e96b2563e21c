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
  /** Whether the broker of the group answers for it, and how often it was asked. */
  const broker = { answers: true, asked: 0 };
  const describeGroups = async () => {
    broker.asked += 1;
    if (!broker.answers) throw new Error('coordinator not available');
  };
  const admin = { connect: async () => {}, listTopics: async () => [], describeGroups, disconnect: async () => {} };
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
  return { member, consumers, lines, broker };
}

async function until(condition: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (!condition() && performance.now() < giveUpAt)
    await new Promise((resolve) => setTimeout(resolve, SESSION_MS / 10));
}

it('a silent member keeps its membership while the broker of its group is away, whoever else answers', async () => {
  const { member, consumers, broker } = await setUp();
  broker.answers = false;
  await until(() => broker.asked >= 4);
  expect([broker.asked, consumers.length, member.ready()]).toEqual([4, 1, false]);
  broker.answers = true;
  await until(() => consumers.length > 1);
  expect(consumers).toHaveLength(2);
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
