import type { IHeaders, Producer, TopicMessages } from 'kafkajs';
import { setTimeout as delay } from 'node:timers/promises';
import { RecordRefused } from './errors.js';
import { KafkaAdmin } from './kafka-admin.js';
import type { KafkaHandle } from './kafka-handle.js';
import { isTimeout, kafkaErrorType } from './kafka-errors.js';
import { pack } from './packing.js';
import { defaultPartitioner } from './partitioner.js';
import { ProduceQueue, RequestRefused, type ProduceStats, type QueueLimits } from './produce-queue.js';
import type { AddressedRecord, OutboundRecord } from './records.js';

export interface BatchingProducerOptions extends Partial<QueueLimits> {
  kafka: KafkaHandle;
}

const DEFAULTS: QueueLimits = {
  maxGapMs: 6,
  maxRequestRecords: 2_000,
  // Below the broker's limit for one batch (1 MiB), so that a full request to one partition still fits.
  maxRequestBytes: 900_000,
  maxQueuedRecords: 100_000,
  maxQueuedBytes: 64 * 1024 * 1024,
  timeoutMs: 10_000,
};

/** Trying again is the queue's part, because it knows the deadlines. */
const NO_RETRY = { retries: 0 };
const REQUEST_TIMEOUT_MS = 5_000;
const CONNECT_PATIENCE_MS = 60_000;
const RECONNECT_PAUSE_MS = 500;
const MISSING_TOPIC_MEMORY_MS = 2_000;
/** How long the brokers may differ about a topic that is new. */
const TOPIC_SPREAD_MS = 300;

/**
 * Writes records in few large requests, confirmed by all in-sync replicas. Order is kept in which records were handed in.
 * A broker that is away delays records up to their deadline and never ends the process.
 */
export class BatchingProducer {
  readonly #kafka: KafkaHandle;
  readonly #admin: KafkaAdmin;
  readonly #queue: ProduceQueue;
  #producer: Producer | undefined;
  #closed = false;
  /** Topics that were not there, with the time until which that is believed. */
  readonly #missing = new Map<string, number>();

  constructor({ kafka, ...limits }: BatchingProducerOptions) {
    this.#kafka = kafka;
    this.#admin = new KafkaAdmin(kafka);
    this.#queue = new ProduceQueue((records) => this.#request(records), { ...DEFAULTS, ...limits });
  }

  /** Waits for Kafka. @throws Error after a minute without an answer. */
  async connect(): Promise<void> {
    const giveUpAt = performance.now() + CONNECT_PATIENCE_MS;
    for (;;) {
      try {
        await this.#connected();
        return;
      } catch (error) {
        if (performance.now() > giveUpAt) throw new Error('Kafka does not answer', { cause: error });
        this.#kafka.log.warn({ error }, 'Kafka does not answer yet');
        await delay(RECONNECT_PAUSE_MS);
      }
    }
  }

  /**
   * Resolves when Kafka has stored the record.
   * @throws ProduceTimeout after its deadline; `sent` tells whether it may be stored all the same.
   * @throws ProducerOverloaded at once if too much is waiting.
   * @throws RecordRefused if Kafka can never take it.
   */
  send(topic: string, record: OutboundRecord): Promise<void> {
    return this.sendAll([{ ...record, topic }]);
  }

  /** Queues all records together and in order, or none; resolves when Kafka has stored all of them. Rejects like `send`. */
  sendAll(records: readonly AddressedRecord[]): Promise<void> {
    if (this.#closed) return Promise.reject(new RecordRefused('The producer is closed'));
    if (this.#missing.size > 0) {
      const missing = records.find(({ topic }) => this.#isMissing(topic));
      if (missing) return Promise.reject(new RecordRefused(`${missing.topic}: no such topic`));
    }
    return this.#queue.add(records);
  }

  stats(): ProduceStats {
    return this.#queue.stats();
  }

  /** Sends what is waiting, then disconnects. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#queue.drained();
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.disconnect();
  }

  #isMissing(topic: string): boolean {
    const until = this.#missing.get(topic);
    if (until === undefined) return false;
    if (performance.now() < until) return true;
    this.#missing.delete(topic);
    return false;
  }

  async #connected(): Promise<Producer> {
    if (this.#producer) return this.#producer;
    const producer = this.#kafka
      .client({ retry: NO_RETRY, requestTimeoutMs: REQUEST_TIMEOUT_MS })
      .producer({ createPartitioner: defaultPartitioner, allowAutoTopicCreation: false });
    await producer.connect();
    this.#producer = producer;
    return producer;
  }

  async #request(records: readonly AddressedRecord[]): Promise<void> {
    const producer = await this.#connected();
    try {
      await producer.sendBatch({ acks: -1, timeout: REQUEST_TIMEOUT_MS, topicMessages: byTopic(pack(records)) });
    } catch (error) {
      const type = kafkaErrorType(error);
      this.#kafka.log.debug({ error, type }, 'a produce request failed');
      if (type === 'UNKNOWN_TOPIC_OR_PARTITION') {
        // kafkajs asks for every topic it has ever written to, and fails for ever when any of them is gone: start afresh.
        this.#discard();
        await this.#refuseMissingTopics(records);
      }
      if (type === 'MESSAGE_TOO_LARGE' || type === 'INVALID_RECORD') return this.#sendOneByOne(producer, records);
      // Nothing tells kafkajs that a connection has gone silent: it would go on using it.
      if (isTimeout(error)) this.#discard();
      throw error;
    }
  }

  /** One topic that is gone would otherwise hold up the records for all others. */
  async #refuseMissingTopics(records: readonly AddressedRecord[]): Promise<void> {
    if ((await this.#missingAmong(records)).size === 0) return;
    await delay(TOPIC_SPREAD_MS);
    const missing = await this.#missingAmong(records);
    if (missing.size === 0) return;
    for (const topic of missing) this.#missing.set(topic, performance.now() + MISSING_TOPIC_MEMORY_MS);
    throw new RequestRefused('no such topic', ({ topic }) => missing.has(topic));
  }

  async #missingAmong(records: readonly AddressedRecord[]): Promise<Set<string>> {
    const existing = new Set(await this.#admin.listTopics());
    return new Set(records.map(({ topic }) => topic).filter((topic) => !existing.has(topic)));
  }

  /** The next request connects again. */
  #discard(): void {
    const producer = this.#producer;
    this.#producer = undefined;
    producer?.disconnect().catch((error: unknown) => this.#kafka.log.debug({ error }, 'disconnecting failed'));
  }

  /** Finds the record that spoils a whole request, if one does. Those before it are written, and written again with the rest. */
  async #sendOneByOne(producer: Producer, records: readonly AddressedRecord[]): Promise<void> {
    for (const record of records) {
      try {
        await producer.sendBatch({ acks: -1, timeout: REQUEST_TIMEOUT_MS, topicMessages: byTopic([record]) });
      } catch (error) {
        const type = kafkaErrorType(error);
        if (type === 'MESSAGE_TOO_LARGE' || type === 'INVALID_RECORD') {
          throw new RequestRefused(type, (other) => other === record);
        }
        throw error;
      }
    }
  }
}

function byTopic(records: readonly AddressedRecord[]): TopicMessages[] {
  const topics = new Map<string, TopicMessages>();
  for (const { topic, key, value, partition, headers } of records) {
    const group = topics.get(topic) ?? { topic, messages: [] };
    topics.set(topic, group);
    const kafkaHeaders: IHeaders | undefined = headers;
    group.messages.push({
      key,
      value,
      ...(partition !== undefined && { partition }),
      ...(kafkaHeaders && { headers: kafkaHeaders }),
    });
  }
  return [...topics.values()];
}
