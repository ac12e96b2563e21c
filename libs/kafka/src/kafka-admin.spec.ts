import { jest } from '@jest/globals';
import { brokerError, ScriptedBroker } from '../test/scripted-broker.js';
import type { KafkaAdmin as Admin } from './kafka-admin.js';

// Pauses are in the hands of the test too.
jest.unstable_mockModule('node:timers/promises', () => ({
  setTimeout: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
}));
const { KafkaAdmin } = await import('./kafka-admin.js');

describe('the admin of Kafka', () => {
  let broker: ScriptedBroker;
  let admin: Admin;

  beforeEach(() => {
    jest.useFakeTimers();
    broker = new ScriptedBroker();
    admin = new KafkaAdmin(broker.kafka);
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  const passing = async <T>(work: Promise<T>, ms: number): Promise<T> => {
    work.catch(() => undefined);
    await jest.advanceTimersByTimeAsync(ms);
    return work;
  };

  it.each([
    [{ partitions: 1, replicationFactor: 1 }, 'createTopics'],
    [
      { partitions: 1, replicationFactor: 3, retentionMs: 60_000, cleanupPolicy: 'compact' as const },
      'createTopics retention.ms=60000 cleanup.policy=compact min.insync.replicas=2',
    ],
  ])('creates a topic with what %j asks for', async (settings, call) => {
    expect(await admin.ensureTopic('topic', settings)).toBe('created');
    expect(broker.calls).toContain(call);
  });

  it.each([
    [
      'several reasons',
      Object.assign(new Error('failed'), { errors: [new Error('too few brokers')] }),
      'too few brokers',
    ],
    ['one reason', new Error('not allowed'), 'not allowed'],
    ['no reason', Object.assign(new Error('failed'), { errors: [] }), 'unknown reason'],
  ])('names the topic that cannot be created, with %s', async (_, error, reason) => {
    broker.fail('createTopics', error);
    await expect(admin.ensureTopic('topic', { partitions: 1, replicationFactor: 3 })).rejects.toThrow(
      `Topic topic cannot be created: ${reason}`,
    );
  });

  it('waits until the partitions of a new topic have leaders', async () => {
    broker.fail('fetchTopicOffsets', brokerError('LEADER_NOT_AVAILABLE'), brokerError('UNKNOWN_TOPIC_OR_PARTITION'));
    expect(await passing(admin.ensureTopic('topic', { partitions: 1, replicationFactor: 1 }), 500)).toBe('created');
  });

  it('gives up on partitions that get no leader', async () => {
    broker.fail('fetchTopicOffsets', ...Array.from({ length: 500 }, () => brokerError('LEADER_NOT_AVAILABLE')));
    await expect(passing(admin.ensureTopic('topic', { partitions: 1, replicationFactor: 1 }), 21_000)).rejects.toThrow(
      'The partitions of topic topic have no leader',
    );
  });

  it('does not wait after any other error', async () => {
    broker.fail('fetchTopicOffsets', new Error('not allowed'));
    await expect(admin.ensureTopic('topic', { partitions: 1, replicationFactor: 1 })).rejects.toThrow('not allowed');
  });

  it('waits for topics that somebody else creates', async () => {
    broker.topics = [];
    const waiting = admin.awaitTopics(['topic'], 10_000);
    await jest.advanceTimersByTimeAsync(1_000);
    broker.topics = ['topic'];
    await passing(waiting, 1_000);
    expect(broker.warnings).toContain('waiting for topics that do not exist yet');
  });

  it('names the topics that nobody has created in time', async () => {
    await expect(passing(admin.awaitTopics(['topic', 'one', 'two'], 2_000), 3_000)).rejects.toThrow(
      'Kafka has no topic one, two',
    );
  });

  it('deletes what is there, and nothing else', async () => {
    broker.groups = ['group'];
    await admin.deleteTopic('other');
    await admin.deleteTopic('topic');
    await admin.deleteGroup('other');
    await admin.deleteGroup('group');
    expect(broker.calls.filter((call) => call.startsWith('delete'))).toEqual([
      'deleteTopics topic',
      'deleteGroups group',
    ]);
  });

  it('tells where a group has never committed', async () => {
    expect(await admin.uncommittedPartitions('group', 'topic')).toEqual(new Set([1]));
  });

  it('says when no broker answers in time', async () => {
    broker.fail('listTopics');
    jest.spyOn(broker.kafka, 'client').mockReturnValue({
      admin: () => ({ connect: () => new Promise(() => undefined), disconnect: () => Promise.reject(new Error('no')) }),
    } as never);
    await expect(passing(admin.ping(), 1_600)).rejects.toThrow('Kafka does not answer within 1500 ms');
  });

  it('is answered by a broker that is up', async () => {
    await admin.ping();
    expect(broker.calls).toContain('listTopics');
  });

  it('tells how it is with a group, if the broker of that answers', async () => {
    expect(await admin.groupState('group')).toBe('settled');
    for (const state of ['PreparingRebalance', 'CompletingRebalance']) {
      broker.groupState = state;
      expect(await admin.groupState('group')).toBe('changing hands');
    }
    broker.fail('describeGroups', brokerError('COORDINATOR_NOT_AVAILABLE'));
    await expect(admin.groupState('group')).rejects.toThrow('COORDINATOR_NOT_AVAILABLE');
  });
});
