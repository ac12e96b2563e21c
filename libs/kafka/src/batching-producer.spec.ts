import { jest } from '@jest/globals';
import { brokerError, ScriptedBroker } from '../test/scripted-broker.js';
import type { BatchingProducer as Producer } from './batching-producer.js';
import { ProduceTimeout, RecordRefused } from './errors.js';

// Pauses are in the hands of the test too.
jest.unstable_mockModule('node:timers/promises', () => ({
  setTimeout: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
}));
const { BatchingProducer } = await import('./batching-producer.js');

const record = (value: string, topic = 'topic') => ({ topic, key: value, value });

/** Why each record was not stored; `stored` for the others. */
const outcomes = (sends: readonly Promise<void>[]): Promise<string[]> =>
  Promise.all(
    sends.map((send) =>
      send.then(
        () => 'stored',
        (error: Error) => `${error.name}: ${error.message}`,
      ),
    ),
  );

describe('the producer', () => {
  let broker: ScriptedBroker;
  let producer: Producer;

  beforeEach(() => {
    jest.useFakeTimers();
    broker = new ScriptedBroker();
    producer = new BatchingProducer({ kafka: broker.kafka });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  const passing = async <T>(work: Promise<T>, ms: number): Promise<T> => {
    work.catch(() => undefined);
    await jest.advanceTimersByTimeAsync(ms);
    return work;
  };

  it('waits for a Kafka that does not answer yet', async () => {
    broker.fail('connect', new Error('refused'), new Error('refused'));
    await passing(producer.connect(), 2_000);
    expect(broker.warnings).toEqual(['Kafka does not answer yet', 'Kafka does not answer yet']);
    await producer.connect();
    expect(broker.calls.filter((call) => call === 'connect')).toHaveLength(3);
  });

  it('gives up on a Kafka that has not answered for a minute', async () => {
    broker.fail('connect', ...Array.from({ length: 500 }, () => new Error('refused')));
    await expect(passing(producer.connect(), 62_000)).rejects.toThrow('Kafka does not answer');
  });

  it('stores records with headers and a partition of their own as they are', async () => {
    await passing(producer.send('topic', { key: null, value: 'one', partition: 2, headers: { why: 'test' } }), 50);
    expect(broker.stored).toEqual(['one']);
  });

  it('finds the one record that Kafka can never take, and stores the others', async () => {
    broker.refuses = ({ topicMessages }) =>
      topicMessages.some(({ messages }) => messages.some(({ value }) => value === 'bad'))
        ? brokerError('MESSAGE_TOO_LARGE')
        : undefined;
    const sends = ['good', 'bad', 'fine'].map((value) => producer.send('topic', { key: value, value }));
    expect(await passing(outcomes(sends), 1_000)).toEqual([
      'stored',
      'RecordRefused: topic: MESSAGE_TOO_LARGE',
      'stored',
    ]);
  });

  it('stores what is too much only together, once', async () => {
    broker.refuses = ({ topicMessages }) =>
      topicMessages.some(({ messages }) => messages.length > 1) ? brokerError('MESSAGE_TOO_LARGE') : undefined;
    const sends = ['one', 'two', 'three'].map((value) => producer.send('topic', { key: value, value }));
    expect(await passing(outcomes(sends), 1_000)).toEqual(['stored', 'stored', 'stored']);
    expect(broker.stored).toEqual(['one', 'two', 'three']);
  });

  it('tries all of them again when the search for the bad one is cut short', async () => {
    broker.fail('send', brokerError('INVALID_RECORD'), brokerError('NOT_LEADER_FOR_PARTITION'));
    const sends = ['one', 'two'].map((value) => producer.send('topic', { key: value, value }));
    expect(await passing(outcomes(sends), 1_000)).toEqual(['stored', 'stored']);
    expect(broker.stored).toEqual(['one', 'two']);
  });

  it('refuses records for a topic that is gone, at once for a while, and stores the others', async () => {
    broker.refuses = ({ topicMessages }) =>
      topicMessages.some(({ topic }) => topic === 'gone') ? brokerError('UNKNOWN_TOPIC_OR_PARTITION') : undefined;
    const sends = [producer.sendAll([record('lost', 'gone')]), producer.sendAll([record('kept')])];
    expect(await passing(outcomes(sends), 2_000)).toEqual(['RecordRefused: gone: no such topic', 'stored']);
    const requests = () => broker.calls.filter((call) => call === 'send').length;
    const before = requests();
    await expect(producer.sendAll([record('again', 'gone')])).rejects.toThrow('gone: no such topic');
    await passing(producer.sendAll([record('other')]), 50);
    expect(requests()).toBe(before + 1);
    await jest.advanceTimersByTimeAsync(5_000);
    broker.refuses = () => undefined;
    await passing(producer.sendAll([record('back', 'gone')]), 50);
    expect(broker.stored).toContain('back');
  });

  it.each([
    ['is there after all', 0],
    ['appears while it is looked for', 1],
  ])('tries again for a topic that %s', async (_, misses) => {
    broker.fail('send', brokerError('UNKNOWN_TOPIC_OR_PARTITION'));
    broker.topics = misses === 0 ? ['topic'] : [];
    const sent = producer.send('topic', { key: null, value: 'one' });
    sent.catch(() => undefined);
    await jest.advanceTimersByTimeAsync(100);
    broker.topics = ['topic'];
    await passing(sent, 2_000);
    expect(broker.stored).toEqual(['one']);
  });

  it('connects anew when a connection has gone silent, even if that one cannot be closed', async () => {
    broker.fail('send', Object.assign(new Error('timed out'), { name: 'KafkaJSRequestTimeoutError' }));
    broker.fail('disconnect', new Error('is gone'));
    await passing(producer.send('topic', { key: null, value: 'one' }), 1_000);
    expect(broker.calls).toEqual(['connect', 'send', 'disconnect', 'connect', 'send']);
  });

  it('says after the deadline that the outcome is unknown', async () => {
    broker.fail('send', ...Array.from({ length: 500 }, () => new Error('away')));
    await expect(passing(producer.send('topic', { key: null, value: 'one' }), 11_000)).rejects.toMatchObject({
      name: new ProduceTimeout(false).name,
      sent: 'unknown',
    });
  });

  it('stores what is waiting when it is closed, and takes nothing more', async () => {
    const waiting = producer.send('topic', { key: null, value: 'last' });
    await passing(producer.close(), 100);
    await waiting;
    expect(broker.calls).toEqual(['connect', 'send', 'disconnect']);
    await expect(producer.send('topic', { key: null, value: 'late' })).rejects.toBeInstanceOf(RecordRefused);
  });

  it('can be closed before it was ever connected', async () => {
    await passing(producer.close(), 100);
    expect(broker.calls).toEqual([]);
  });
});
