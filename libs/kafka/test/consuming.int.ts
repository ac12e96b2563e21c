import { jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { BroadcastConsumer, DependencyUnavailable, type InboundRecord, partitionOf } from '../src/index.js';
import { brokers, Gathered, KafkaFixture, listen, until } from './fixture.js';

jest.setTimeout(60_000);

let kafka: KafkaFixture;
beforeEach(async () => {
  kafka = await KafkaFixture.open();
});
afterEach(async () => kafka.close());

const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(i));

describe('order and content', () => {
  it('keeps the order of each key, however many partitions there are', async () => {
    const topic = await kafka.topic(6);
    const gathered = await kafka.gather(topic);
    const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    await Promise.all(numbers(500).flatMap((value) => keys.map((key) => kafka.producer.send(topic, { key, value }))));
    await until('all have arrived', () => gathered.records.length === 3_500);
    for (const key of keys) expect(gathered.valuesOf(key)).toEqual(numbers(500));
    for (const { key, partition } of gathered.records) expect(partition).toBe(partitionOf(key ?? '', 6));
  });

  it('hands over keys, headers and values as they were written', async () => {
    const topic = await kafka.topic(2);
    const gathered = await kafka.gather(topic);
    const value = Buffer.from([0, 255, 1]);
    await kafka.producer.send(topic, { key: null, value, partition: 1, headers: { origin: 'søster', unknown: '1' } });
    await until('it has arrived', () => gathered.records.length === 1);
    expect(gathered.records[0]).toMatchObject({
      topic,
      partition: 1,
      offset: 0n,
      key: null,
      value,
      headers: { origin: 'søster', unknown: '1' },
    });
  });

  it('hands the partitions of one fetch to the handler in one call', async () => {
    const topic = await kafka.topic(6);
    await kafka.producer.sendAll(numbers(60).map((value) => ({ topic, key: value, value })));
    const gathered = await kafka.gather(topic);
    await until('all have arrived', () => gathered.records.length === 60);
    // A fetch goes to one broker and brings the partitions that it leads: of six, two when there are three brokers.
    expect(gathered.calls.length).toBeLessThanOrEqual(brokers().length);
  });
});

describe('after a crash', () => {
  it('handles again what was done but not committed, and nothing that was committed', async () => {
    const topic = await kafka.topic();
    const groupId = `group-${randomUUID()}`;
    await kafka.producer.send(topic, { key: 'k', value: 'committed' });
    const before = await kafka.gather(topic, { groupId, commitIntervalMs: 50 });
    await until('the first is committed', async () => {
      return before.records.length === 1 && (await kafka.admin.uncommittedPartitions(groupId, topic)).size === 0;
    });

    // A commit that never happens is what a crash between effect and commit looks like from outside.
    const crashing = kafka.consumer({
      groupId: `${groupId}-other`,
      hooks: { beforeCommit: () => Promise.reject(new Error('crashed')) },
    });
    const lost = new Gathered();
    crashing.handle(topic, (records) => lost.add(records));
    await listen(crashing);
    await until('the effect has happened', () => lost.records.length === 1);
    await crashing.close();

    const again = await kafka.gather(topic, { groupId: `${groupId}-other` });
    await until('it is handled again', () => again.records.length === 1);
    await kafka.producer.send(topic, { key: 'k', value: 'new' });
    await until('the new one is handled', () => before.records.length === 2);
    expect(before.values()).toEqual(['committed', 'new']);
  });
});

describe('records that cannot be handled', () => {
  it('end up in the dead-letter topic with their origin, and the others are handled', async () => {
    const topic = await kafka.topic();
    const deadLetterTopic = await kafka.topic();
    const told: string[] = [];
    const handled: string[] = [];
    const consumer = kafka.consumer({
      groupId: 'poisoned-' + topic,
      deadLetterTopic,
      maxAttempts: 2,
      hooks: { onDeadLetter: async (record, reason) => void told.push(`${record.value.toString()} ${reason}`) },
    });
    consumer.handle(topic, async (records) => {
      if (records.some(({ value }) => value.toString() === 'poison')) throw new TypeError('indigestible');
      handled.push(...records.map(({ value }) => value.toString()));
    });
    await kafka.producer.sendAll(
      ['one', 'poison', 'two'].map((value) => ({ topic, key: 'k', value, headers: { trace: value } })),
    );
    await listen(consumer);
    const dead = await kafka.gather(deadLetterTopic);
    await until('it is set aside', () => dead.records.length === 1 && handled.length === 2);
    expect(handled).toEqual(['one', 'two']);
    expect(told).toEqual(['poison TypeError: indigestible']);
    expect(dead.records[0]).toMatchObject({ key: 'k', value: Buffer.from('poison') });
    expect(dead.records[0]?.headers).toEqual({
      trace: 'poison',
      'dead-letter-topic': topic,
      'dead-letter-partition': '0',
      'dead-letter-offset': '1',
      'dead-letter-group': 'poisoned-' + topic,
      'dead-letter-reason': 'TypeError: indigestible',
      'dead-letter-attempts': '3',
    });
  });

  it('wait, and are never set aside, while a dependency is unavailable', async () => {
    const topic = await kafka.topic();
    const deadLetterTopic = await kafka.topic();
    let away = true;
    let attempts = 0;
    const gathered = new Gathered();
    const consumer = kafka.consumer({ groupId: 'waiting-' + topic, deadLetterTopic, maxAttempts: 1 });
    consumer.handle(topic, async (records) => {
      attempts++;
      if (away) throw new DependencyUnavailable('the database is away');
      await gathered.add(records);
    });
    await kafka.producer.send(topic, { key: 'k', value: 'patient' });
    await listen(consumer);
    // Longer than the session: heartbeats have kept the membership alive.
    await until('it was tried often enough', () => attempts >= 8);
    expect(consumer.ready()).toBe(true);
    away = false;
    await until('it is handled', () => gathered.records.length === 1);
    expect((await kafka.admin.endOffsets(deadLetterTopic)).get(0)).toBe(0n);
  });
});

describe('a group', () => {
  it('loses nothing when a second member joins and the first leaves', async () => {
    const topic = await kafka.topic(6);
    const groupId = `group-${randomUUID()}`;
    const seen: InboundRecord[] = [];
    const member = () => {
      const consumer = kafka.consumer({ groupId });
      consumer.handle(topic, async (records) => void seen.push(...records));
      return consumer;
    };
    let sent = 0;
    let producing = true;
    const production = (async () => {
      while (producing) {
        await kafka.producer.send(topic, { key: String(sent % 50), value: String(sent) });
        sent++;
      }
    })();
    const first = member();
    await listen(first);
    await until('the first is busy', () => seen.length > 100);
    const second = member();
    await listen(second);
    await until('both are busy', () => seen.length > 300);
    await first.close();
    const atClose = seen.length;
    await until('the second has taken over', () => seen.length > atClose + 200);
    producing = false;
    await production;
    const values = () => new Set(seen.map(({ value }) => value.toString()));
    await until('all have been handled', () => values().size === sent);
    const partitions = new Set(seen.slice(atClose).map(({ partition }) => partition));
    expect(partitions.size).toBe(6);
    // Offsets are committed before partitions change hands: what comes twice is the exception.
    expect(seen.length - sent).toBeLessThan(50);
  });

  it('is left on close, so that the next member need not wait for the session to end', async () => {
    const topic = await kafka.topic(2);
    const groupId = `group-${randomUUID()}`;
    const first = kafka.consumer({ groupId, sessionTimeoutMs: 30_000 });
    const before = new Gathered();
    first.handle(topic, (records) => before.add(records));
    await listen(first);
    await kafka.producer.send(topic, { key: 'k', value: 'one' });
    await until('the first has it', () => before.records.length === 1);
    await first.close();
    await kafka.producer.send(topic, { key: 'k', value: 'two' });
    const started = performance.now();
    const after = await kafka.gather(topic, { groupId, sessionTimeoutMs: 30_000 });
    await until('the next has it', () => after.records.length === 1);
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(after.values()).toEqual(['two']);
  });

  it('that starts at the end skips nothing produced while it has no member', async () => {
    const topic = await kafka.topic(2);
    const groupId = `group-${randomUUID()}`;
    await kafka.producer.send(topic, { key: 'k', value: 'before its time' });
    const first = kafka.consumer({ groupId, startFrom: 'latest', commitIntervalMs: 50 });
    first.handle(topic, () => Promise.resolve());
    await listen(first);
    await until('its start is kept', async () => (await kafka.admin.uncommittedPartitions(groupId, topic)).size === 0);
    await first.close();
    await kafka.producer.send(topic, { key: 'k', value: 'meanwhile' });
    const second = await kafka.gather(topic, { groupId, startFrom: 'latest' });
    await until('it has arrived', () => second.records.length === 1);
    expect(second.values()).toEqual(['meanwhile']);
  });
});

describe('a broadcast', () => {
  it('reaches every reader from the moment it has started, and nothing older', async () => {
    const topic = await kafka.topic(3);
    await kafka.producer.sendAll(numbers(9).map((value) => ({ topic, key: value, value: 'old' })));
    const readers = [new Gathered(), new Gathered()];
    const consumers = readers.map(() => new BroadcastConsumer({ kafka: kafka.kafka, groupPrefix: 'broadcast' }));
    await Promise.all(consumers.map((consumer, i) => consumer.start(topic, (records) => readers[i]?.add(records))));
    await kafka.producer.sendAll(numbers(9).map((value) => ({ topic, key: value, value })));
    for (const reader of readers) {
      await until('all have arrived', () => reader.records.length === 9);
      expect(reader.values().toSorted()).toEqual(numbers(9));
    }
    expect(consumers.every((consumer) => consumer.ready())).toBe(true);
    await Promise.all(consumers.map((consumer) => consumer.close()));
  });
});
