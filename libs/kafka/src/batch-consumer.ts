import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import type { BatchConsumerHooks } from './batch-consumer-hooks.js';
import { FAITHFUL } from './batch-handler.js';
import { BatchReader } from './batch-reader.js';
import { BatchWork } from './batch-work.js';
import { DEFAULT_DEAD_LETTER_TOPIC, deadLetter, type DeadLetterSink, reasonOf } from './dead-letter.js';
import { KafkaAdmin } from './kafka-admin.js';
import type { KafkaHandle, Log } from './kafka-handle.js';
import type { OnTheWay } from './lane.js';
import type { InboundRecord } from './records.js';

export interface BatchConsumerOptions {
  kafka: KafkaHandle;
  groupId: string;
  /** Where a group begins that has never committed. */
  startFrom: 'earliest' | 'latest';
  /** Writes dead letters; connected by its owner and closed after this consumer. */
  producer: DeadLetterSink;
  log: Log;
  deadLetterTopic?: string;
  commitIntervalMs?: number;
  /** Partitions that arrive together are handed to the handler in one call. */
  mergePartitions?: boolean;
  /** Of a whole batch; after them its records are tried one by one. */
  maxAttempts?: number;
  sessionTimeoutMs?: number;
  /** Only for a service with several BatchConsumers: see `BatchHandler`. */
  transportId?: symbol;
  hooks?: BatchConsumerHooks;
}

const TOPIC_PATIENCE_MS = 30_000;

/**
 * A Nest transport that hands records to `@BatchHandler` methods in batches and commits offsets only after their
 * effects: a crash at any moment leads to records being handled again, never to one being left out.
 */
export class BatchConsumer extends Server implements CustomTransportStrategy {
  override readonly propagatesEventHandlerErrors = true;
  readonly #work = new Map<string, BatchWork>();
  #reader: BatchReader | undefined;

  constructor(private readonly options: BatchConsumerOptions) {
    super();
    if (options.transportId !== undefined) this.transportId = options.transportId;
  }

  /** Joins the group. Reports an error through `done` if a topic is missing for half a minute. */
  async listen(done: (error?: unknown) => void): Promise<void> {
    try {
      await this.#start();
      done();
    } catch (error) {
      done(error);
    }
  }

  /** Member of the group and in touch with Kafka. */
  ready(): boolean {
    return this.#reader?.ready() ?? false;
  }

  /** Finishes the batch at hand, commits, and leaves the group, so that another member takes over at once. */
  async close(): Promise<void> {
    await this.#reader?.close();
  }

  /** Handles a topic without a controller. */
  handle(topic: string, handler: (records: InboundRecord[]) => Promise<void | OnTheWay>): void {
    this.addHandler(topic, handler, true, { [FAITHFUL]: true });
  }

  override on(): never {
    throw new Error('A BatchConsumer has no events; see its hooks');
  }

  override unwrap(): never {
    throw new Error('A BatchConsumer does not hand out its client');
  }

  async #start(): Promise<void> {
    const { options } = this;
    for (const [topic, handler] of this.messageHandlers) this.#work.set(topic, this.#workWith(topic, handler));
    const topics = [...this.#work.keys()];
    if (topics.length === 0) throw new Error(`The consumer group ${options.groupId} has no @BatchHandler`);
    this.#reader = new BatchReader({
      kafka: options.kafka,
      groupId: options.groupId,
      topics,
      startFrom: options.startFrom,
      commitIntervalMs: options.commitIntervalMs ?? 500,
      mergePartitions: options.mergePartitions ?? true,
      sessionTimeoutMs: options.sessionTimeoutMs ?? 10_000,
      log: options.log,
      hooks: options.hooks ?? {},
      workOn: (topic) => this.#workOn(topic),
    });
    const admin = new KafkaAdmin(options.kafka);
    await admin.awaitTopics(topics, TOPIC_PATIENCE_MS);
    await this.#reader.start(admin);
  }

  #workOn(topic: string): BatchWork {
    const work = this.#work.get(topic);
    if (work === undefined) throw new Error(`Nobody handles ${topic}`);
    return work;
  }

  #workWith(topic: string, handler: MessageHandler): BatchWork {
    if (handler.extras?.[FAITHFUL] !== true) {
      throw new Error(`The handler of ${topic} must be declared with @BatchHandler: @EventPattern hides its errors`);
    }
    return new BatchWork({
      handle: async (records) => {
        const result: unknown = await handler(records);
        // Whatever a guard, an interceptor or a filter has a part in comes back as a stream.
        const last: unknown = isObservable(result) ? await lastValueFrom(result, { defaultValue: undefined }) : result;
        return isOnTheWay(last) ? last : SETTLED;
      },
      setAside: (record, error, attempts) => this.#setAside(record, error, attempts),
      maxAttempts: this.options.maxAttempts ?? 5,
      log: this.options.log,
    });
  }

  async #setAside(record: InboundRecord, error: unknown, attempts: number): Promise<void> {
    const { producer, groupId, deadLetterTopic = DEFAULT_DEAD_LETTER_TOPIC, hooks, log } = this.options;
    const reason = reasonOf(error);
    await producer.send(deadLetterTopic, deadLetter(record, groupId, reason, attempts));
    try {
      await hooks?.onDeadLetter?.(record, reason);
    } catch (hookError) {
      log.error({ error: hookError, topic: record.topic }, 'the dead-letter hook failed');
    }
  }
}

const SETTLED: OnTheWay = { settled: Promise.resolve() };

const isOnTheWay = (value: unknown): value is OnTheWay =>
  typeof value === 'object' && value !== null && 'settled' in value && value.settled instanceof Promise;
