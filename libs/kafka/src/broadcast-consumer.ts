import { randomUUID } from 'node:crypto';
import type { EachBatchPayload } from 'kafkajs';
import { inTime } from '@parley/platform';
import { type Assignment, placeOf } from './assignment.js';
import { GroupMember } from './group-member.js';
import { KafkaAdmin } from './kafka-admin.js';
import { kafkaErrorType } from './kafka-errors.js';
import type { KafkaHandle } from './kafka-handle.js';
import { type InboundRecord, toInbound } from './records.js';

export interface BroadcastConsumerOptions {
  kafka: KafkaHandle;
  /** First part of the names of the throw-away groups; kafkajs cannot read without one. */
  groupPrefix: string;
  sessionTimeoutMs?: number;
}

/** Records of one partition, in order. The next call waits for this one; an error is logged and its records are passed over. */
export type BroadcastHandler = (records: InboundRecord[]) => void | Promise<void>;

const TOPIC_PATIENCE_MS = 30_000;
/** The least that brokers accept by default: how long a reader whose broker has died may miss news. */
const SESSION_TIMEOUT_MS = 6_000;

/** Reads every partition of topics from now on, for itself alone, and remembers nothing beyond its own life. */
export class BroadcastConsumer {
  readonly #admin: KafkaAdmin;
  readonly #readings: TopicReading[] = [];

  constructor(private readonly options: BroadcastConsumerOptions) {
    this.#admin = new KafkaAdmin(options.kafka);
  }

  /** Resolves once the end of the topic is fixed as the start: what is produced after that reaches the handler. */
  async start(topic: string, handler: BroadcastHandler): Promise<void> {
    await this.#admin.awaitTopics([topic], TOPIC_PATIENCE_MS);
    const { kafka, groupPrefix, sessionTimeoutMs = SESSION_TIMEOUT_MS } = this.options;
    const ends = await this.#admin.endOffsets(topic);
    const next = new Map(ends);
    const reading = new TopicReading({ kafka, groupPrefix, sessionTimeoutMs, topic, handler, next });
    this.#readings.push(reading);
    await reading.member.start();
  }

  ready(): boolean {
    return this.#readings.every(({ member }) => member.ready());
  }

  /**
   * Whether all that the topic held when this was asked has been handed over.
   * @throws Error when Kafka does not answer
   */
  async hasReadAll(topic: string): Promise<boolean> {
    return this.#readingOf(topic).isAtEnd(this.#admin);
  }

  /**
   * Whether the topic that was read is gone, be it that another one of its name has been created since.
   * @throws Error when Kafka does not answer
   */
  async hasLost(topic: string): Promise<boolean> {
    try {
      return await this.#readingOf(topic).isBeyondEnd(this.#admin);
    } catch (error) {
      if (kafkaErrorType(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error;
      // A broker says so too of a topic that it does not know of yet.
      return !(await this.#admin.listTopics()).includes(topic);
    }
  }

  /** Reads a topic that was {@link hasLost lost} and is there again, all of it. */
  async startAnew(topic: string): Promise<void> {
    const lost = this.#readingOf(topic);
    const reading = new TopicReading({ ...lost.options, next: new Map() });
    this.#readings[this.#readings.indexOf(lost)] = reading;
    await lost.member.stop();
    // Meanwhile everything may have been closed.
    if (!this.#readings.includes(reading)) return;
    await inTime(reading.member.start(), TOPIC_PATIENCE_MS, `topic ${topic} cannot be read in time`);
  }

  #readingOf(topic: string): TopicReading {
    const reading = this.#readings.find(({ options }) => options.topic === topic);
    if (reading === undefined) throw new Error(`topic ${topic} is not read`);
    return reading;
  }

  /** Stops reading and removes its groups. */
  async close(): Promise<void> {
    await Promise.all(this.#readings.map(({ member }) => member.stop()));
    for (const { member } of this.#readings.splice(0)) {
      const { groupId } = member;
      // Kafka forgets an empty group by itself; this only keeps listings short.
      await this.#admin.deleteGroup(groupId).catch((error: unknown) => {
        this.options.kafka.log.debug({ error, groupId }, 'a throw-away group was not removed');
      });
    }
  }
}

interface TopicReadingOptions {
  kafka: KafkaHandle;
  groupPrefix: string;
  sessionTimeoutMs: number;
  topic: string;
  handler: BroadcastHandler;
  /** Next offset to read, by partition. Kept here, because an offset that is never committed is lost when kafkajs rejoins. */
  next: Map<number, bigint>;
}

class TopicReading {
  readonly member: GroupMember;
  #isHandling = false;

  constructor(readonly options: TopicReadingOptions) {
    const { kafka, groupPrefix, sessionTimeoutMs, topic } = options;
    this.member = new GroupMember({
      kafka,
      groupId: () => `${groupPrefix}-${randomUUID()}`,
      sessionTimeoutMs,
      topics: [topic],
      // Of a partition that is added later, nothing may be missed.
      startFrom: 'earliest',
      concurrency: 1,
      eachBatch: (payload) => this.#onBatch(payload),
      onJoined: (assignment) => this.#resume(assignment),
      onLeft: () => undefined,
      unread: ({ [topic]: partitions = [] }, admin) => this.#unread(partitions, admin),
    });
  }

  async isAtEnd(admin: KafkaAdmin): Promise<boolean> {
    const behind = await this.#behind(admin);
    return behind.size === 0 && !this.#isHandling;
  }

  async #unread(partitions: readonly number[], admin: KafkaAdmin): Promise<readonly string[]> {
    const { topic } = this.options;
    if (this.#isHandling || partitions.length === 0) return [];
    const behind = await this.#behind(admin);
    return partitions.filter((each) => behind.has(each)).map((partition) => placeOf({ topic, partition }));
  }

  /** Whether something was read that is not there any more, although it is not old. */
  async isBeyondEnd(admin: KafkaAdmin): Promise<boolean> {
    const { topic, next } = this.options;
    const known = [...next];
    const ends = await admin.endOffsets(topic);
    return known.some(([partition, offset]) => (ends.get(partition) ?? 0n) < offset);
  }

  /** Partitions that hold more than has been handed over. */
  async #behind(admin: KafkaAdmin): Promise<ReadonlySet<number>> {
    const { topic, next } = this.options;
    const ends = await admin.endOffsets(topic);
    return new Set([...ends.keys()].filter((each) => (ends.get(each) ?? 0n) > (next.get(each) ?? 0n)));
  }

  #resume(assignment: Assignment): void {
    const { topic, next } = this.options;
    for (const partition of assignment[topic] ?? []) {
      const offset = next.get(partition);
      if (offset !== undefined) this.member.seek(topic, partition, offset);
    }
  }

  async #onBatch(payload: EachBatchPayload): Promise<void> {
    const { handler, next, kafka } = this.options;
    const { topic, partition, messages } = payload.batch;
    const from = next.get(partition) ?? 0n;
    const last = BigInt(payload.batch.lastOffset());
    // What was handed over before a consumer joined again may come once more.
    if (last >= from) {
      next.set(partition, last + 1n);
      const news = messages.filter(({ offset }) => BigInt(offset) >= from);
      this.#isHandling = true;
      try {
        await handler(news.flatMap((message) => toInbound(topic, partition, message)));
      } catch (error) {
        kafka.log.error({ error, topic }, 'the handler of a broadcast failed');
      } finally {
        this.#isHandling = false;
      }
    }
    payload.resolveOffset(payload.batch.lastOffset());
  }
}
