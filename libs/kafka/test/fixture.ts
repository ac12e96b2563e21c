import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  BatchConsumer,
  type BatchConsumerOptions,
  BatchingProducer,
  createKafka,
  type InboundRecord,
  KafkaAdmin,
  type Log,
} from '../src/index.js';
import { silentLog } from '../src/silent-log.js';

const verbose: Log = {
  debug: (details, message) => process.stderr.write(`debug ${message} ${JSON.stringify(details)}\n`),
  info: (details, message) => process.stderr.write(`info ${message} ${JSON.stringify(details)}\n`),
  warn: (details, message) => process.stderr.write(`warn ${message} ${JSON.stringify(details)}\n`),
  error: (details, message) => process.stderr.write(`error ${message} ${JSON.stringify(details)}\n`),
};
/** With KAFKA_TEST_LOG set, shows what the library and kafkajs have to say. */
export const log = process.env['KAFKA_TEST_LOG'] === undefined ? silentLog : verbose;

export function brokers(): string[] {
  const list = process.env['KAFKA_BROKERS'];
  if (list === undefined) throw new Error('KAFKA_BROKERS must name the broker to test against, as host:port');
  return list.split(',');
}

/** A real broker with topics and groups of its own for each test; `close` ends everything that was opened. */
export class KafkaFixture {
  readonly kafka = createKafka({ brokers: brokers(), clientId: 'test' }, log);
  readonly admin = new KafkaAdmin(this.kafka);
  readonly producer = new BatchingProducer({ kafka: this.kafka });
  readonly #topics: string[] = [];
  readonly #consumers: BatchConsumer[] = [];

  static async open(): Promise<KafkaFixture> {
    const fixture = new KafkaFixture();
    await fixture.producer.connect();
    return fixture;
  }

  async topic(partitions = 1): Promise<string> {
    const name = `test-${randomUUID()}`;
    await this.admin.ensureTopic(name, { partitions, replicationFactor: 1 });
    this.#topics.push(name);
    return name;
  }

  consumer(options: Partial<BatchConsumerOptions> & { groupId: string }): BatchConsumer {
    const consumer = new BatchConsumer({
      kafka: this.kafka,
      producer: this.producer,
      log,
      startFrom: 'earliest',
      sessionTimeoutMs: 6_000,
      ...options,
    });
    this.#consumers.push(consumer);
    return consumer;
  }

  /** Consumes a topic until `close` and gathers what arrives. */
  async gather(topic: string, options: Partial<BatchConsumerOptions> & { groupId?: string } = {}): Promise<Gathered> {
    const gathered = new Gathered();
    const consumer = this.consumer({ groupId: `group-${randomUUID()}`, ...options });
    consumer.handle(topic, (records) => gathered.add(records));
    await listen(consumer);
    return gathered;
  }

  async close(): Promise<void> {
    await Promise.all(this.#consumers.map((consumer) => consumer.close()));
    await this.producer.close();
    for (const topic of this.#topics) await this.admin.deleteTopic(topic);
  }
}

export class Gathered {
  readonly records: InboundRecord[] = [];
  readonly calls: number[] = [];

  add(records: InboundRecord[]): Promise<void> {
    this.records.push(...records);
    this.calls.push(records.length);
    return Promise.resolve();
  }

  values(): string[] {
    return this.records.map(({ value }) => value.toString());
  }

  valuesOf(key: string): string[] {
    return this.records.filter((record) => record.key === key).map(({ value }) => value.toString());
  }
}

export async function listen(consumer: BatchConsumer): Promise<void> {
  const error = await new Promise<unknown>((resolve) => void consumer.listen(resolve));
  if (error !== undefined) throw new Error('the consumer did not start', { cause: error });
}

/** Waits for a condition; the test fails with what it was waiting for. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 20_000,
): Promise<void> {
  const giveUpAt = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > giveUpAt) throw new Error(`waited in vain until ${what}`);
    await delay(20);
  }
}
