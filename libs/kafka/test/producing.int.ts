import { jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import kafkajs from 'kafkajs';
import { BatchingProducer, KafkaAdmin, type KafkaHandle, RecordRefused } from '../src/index.js';
import { Lines } from '../src/lines.js';
import { brokers, Gathered, KafkaFixture, listen, log, until } from './fixture.js';

jest.setTimeout(60_000);

let kafka: KafkaFixture;
beforeEach(async () => {
  kafka = await KafkaFixture.open();
});
afterEach(async () => kafka.close());

describe('a topic that does not exist', () => {
  it('costs only the records for it', async () => {
    const topic = await kafka.topic();
    const gathered = await kafka.gather(topic);
    const missing = `missing-${randomUUID()}`;
    const outcomes = await Promise.allSettled([
      kafka.producer.send(topic, { key: 'k', value: 'one' }),
      kafka.producer.send(missing, { key: 'k', value: 'lost' }),
      kafka.producer.send(topic, { key: 'k', value: 'two' }),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await expect(kafka.producer.send(missing, { key: 'k', value: 'lost' })).rejects.toBeInstanceOf(RecordRefused);
    await until('both have arrived', () => gathered.records.length >= 2);
    expect(new Set(gathered.values())).toEqual(new Set(['one', 'two']));
  });

  it('costs only the records for it when it was there before', async () => {
    const topic = await kafka.topic();
    const deleted = await kafka.topic();
    await kafka.producer.send(deleted, { key: 'k', value: 'one' });
    await kafka.admin.deleteTopic(deleted);
    await until('it is gone', async () => !(await kafka.admin.listTopics()).includes(deleted));
    const outcomes = await Promise.allSettled([
      kafka.producer.send(deleted, { key: 'k', value: 'two' }),
      kafka.producer.send(topic, { key: 'k', value: 'good' }),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });

  it('costs the records for other topics nothing when nobody writes to it any more', async () => {
    const deleted = await kafka.topic();
    await kafka.producer.send(deleted, { key: 'k', value: 'one' });
    await kafka.admin.deleteTopic(deleted);
    await until('it is gone', async () => !(await kafka.admin.listTopics()).includes(deleted));
    // A topic that the producer does not know yet makes it ask for all that it knows.
    const topic = await kafka.topic();
    await kafka.producer.send(topic, { key: 'k', value: 'good' });
    await kafka.producer.send(topic, { key: 'k', value: 'also good' });
  });
});

/** The way to the broker, which can be cut. */
class Network {
  readonly #sockets = new Set<Socket>();
  #cut = false;

  readonly handle: KafkaHandle = {
    log,
    lines: () => new Lines(),
    client: ({ retry, requestTimeoutMs = 10_000 }) =>
      new kafkajs.Kafka({
        brokers: brokers(),
        clientId: 'test',
        retry,
        requestTimeout: requestTimeoutMs,
        logLevel: kafkajs.logLevel.NOTHING,
        socketFactory: ({ host, port, onConnect }) => {
          // Nobody listens at port 1.
          const socket = connect({ host, port: this.#cut ? 1 : port }, onConnect);
          this.#sockets.add(socket);
          socket.on('close', () => this.#sockets.delete(socket));
          return socket;
        },
      }),
  };

  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy(new Error('cut'));
  }

  mend(): void {
    this.#cut = false;
  }
}

describe('while Kafka is out of reach', () => {
  let producer: BatchingProducer;
  let producing: boolean;
  afterEach(async () => {
    producing = false;
    await producer.close();
  });

  it('loses nothing that was confirmed, and goes on soon after by itself', async () => {
    const topic = await kafka.topic(3);
    const network = new Network();
    producer = new BatchingProducer({ kafka: network.handle });
    await producer.connect();
    const gathered = new Gathered();
    const consumer = kafka.consumer({ kafka: network.handle, groupId: `group-${randomUUID()}` });
    consumer.handle(topic, (records) => gathered.add(records));
    await listen(consumer);

    const confirmed: string[] = [];
    producing = true;
    const production = (async () => {
      for (let i = 0; producing; i++) {
        await producer.send(topic, { key: String(i % 9), value: String(i) }).then(() => confirmed.push(String(i)));
      }
    })();
    await until('it runs', () => gathered.records.length > 50);
    network.cut();
    await expect(new KafkaAdmin(network.handle).ping()).rejects.toThrow(/connect|answer/i);
    const atCut = confirmed.length;
    const cutAt = performance.now();
    await until('it was away for a while', () => performance.now() - cutAt > 3_000);
    expect(confirmed.length).toBeLessThanOrEqual(atCut + 1);
    network.mend();
    const mendedAt = performance.now();
    await until('records are confirmed again', () => confirmed.length > atCut + 1);
    await until('records are handled again', () => gathered.values().includes(confirmed.at(atCut + 1) ?? ''));
    expect(performance.now() - mendedAt).toBeLessThan(5_000);
    producing = false;
    await production;
    await until('all have been handled', () => includesAll(gathered.values(), confirmed));
  });
});

function includesAll(values: string[], wanted: string[]): boolean {
  const present = new Set(values);
  return wanted.every((value) => present.has(value));
}
