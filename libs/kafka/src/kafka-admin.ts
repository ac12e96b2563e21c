import { inTime } from '@parley/platform';
import type { Admin } from 'kafkajs';
import { setTimeout as delay } from 'node:timers/promises';
import { kafkaErrorType } from './kafka-errors.js';
import type { KafkaHandle } from './kafka-handle.js';

export interface TopicSettings {
  partitions: number;
  replicationFactor: number;
  retentionMs?: number;
  cleanupPolicy?: 'delete' | 'compact';
}

/** Next offset to be written, per partition. */
export type EndOffsets = ReadonlyMap<number, bigint>;

/** `changing hands` from when a member joins or leaves until all know what they have: they are waited for. */
export type GroupState = 'changing hands' | 'settled';

const RETRY = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5 };
const PING_TIMEOUT_MS = 1_500;
/** Enough to come by a broker that is up. */
const PING_FIRST_ANSWER_MS = 600;
const PING_RETRY = { initialRetryTime: 20, maxRetryTime: 100, retries: 5 };
const LEADER_PATIENCE_MS = 20_000;
const YOUNG_TOPIC = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE', 'NOT_LEADER_FOR_PARTITION']);

/** Topics and consumer groups. Connects for each call: a lasting client would stumble over topics that others delete. */
export class KafkaAdmin {
  constructor(private readonly kafka: KafkaHandle) {}

  /** Creates the topic unless it is there, and waits until every partition has a leader. Never changes an existing one. */
  async ensureTopic(name: string, settings: TopicSettings): Promise<'created' | 'existed'> {
    const { partitions, replicationFactor, retentionMs, cleanupPolicy } = settings;
    const configEntries = [
      ...(retentionMs === undefined ? [] : [{ name: 'retention.ms', value: String(retentionMs) }]),
      ...(cleanupPolicy === undefined ? [] : [{ name: 'cleanup.policy', value: cleanupPolicy }]),
      // An acknowledged record is then on two brokers at least.
      ...(replicationFactor >= 3 ? [{ name: 'min.insync.replicas', value: '2' }] : []),
    ];
    const topic = { topic: name, numPartitions: partitions, replicationFactor, configEntries };
    const created = await this.#with((admin) => admin.createTopics({ topics: [topic], waitForLeaders: false })).catch(
      (error: unknown) => {
        throw new Error(`Topic ${name} cannot be created: ${causeOf(error)}`, { cause: error });
      },
    );
    await this.#awaitLeaders(name);
    return created ? 'created' : 'existed';
  }

  /** Deletes the topic and its records; no error if it does not exist. */
  async deleteTopic(name: string): Promise<void> {
    await this.#with(async (admin) => {
      const existing = await admin.listTopics();
      if (existing.includes(name)) await admin.deleteTopics({ topics: [name] });
    });
  }

  async listTopics(): Promise<string[]> {
    return this.#with((admin) => admin.listTopics());
  }

  /** @throws Error naming the topics that do not exist after `patienceMs`. */
  async awaitTopics(names: readonly string[], patienceMs: number): Promise<void> {
    const giveUpAt = performance.now() + patienceMs;
    for (;;) {
      const existing = new Set(await this.listTopics());
      const missing = names.filter((name) => !existing.has(name));
      if (missing.length === 0) return;
      if (performance.now() > giveUpAt) throw new Error(`Kafka has no topic ${missing.join(', ')}`);
      this.kafka.log.warn({ missing }, 'waiting for topics that do not exist yet');
      await delay(500);
    }
  }

  async endOffsets(topic: string): Promise<EndOffsets> {
    const ends = await this.#with((admin) => admin.fetchTopicOffsets(topic));
    return new Map(ends.map(({ partition, high }) => [partition, BigInt(high)]));
  }

  /** Partitions for which the group has never committed an offset. */
  async uncommittedPartitions(groupId: string, topic: string): Promise<Set<number>> {
    const offsets = await this.committedOffsets(groupId, topic);
    return new Set([...offsets].filter(([, next]) => next === undefined).map(([partition]) => partition));
  }

  /** Where the group goes on, per partition; undefined where it has never committed. */
  async committedOffsets(groupId: string, topic: string): Promise<Map<number, bigint | undefined>> {
    const [offsets] = await this.#with((admin) => admin.fetchOffsets({ groupId, topics: [topic] }));
    const partitions = offsets?.partitions ?? [];
    return new Map(
      partitions.map(({ partition, offset }) => [partition, offset === '-1' ? undefined : BigInt(offset)]),
    );
  }

  /** For a group without members; no error if it does not exist. */
  async deleteGroup(groupId: string): Promise<void> {
    await this.#with(async (admin) => {
      const { groups } = await admin.listGroups();
      if (groups.some((group) => group.groupId === groupId)) await admin.deleteGroups([groupId]);
    });
  }

  /** @throws Error unless a broker answers within 1.5 seconds. */
  async ping(): Promise<void> {
    await this.#promptly((admin) => admin.listTopics());
  }

  /** @throws Error unless the broker that looks after the group answers for it within 1.5 seconds. */
  async groupState(groupId: string): Promise<GroupState> {
    const { groups } = await this.#promptly((admin) => admin.describeGroups([groupId]));
    return groups.some(({ state }) => state.endsWith('Rebalance')) ? 'changing hands' : 'settled';
  }

  async #promptly<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    const lines = this.kafka.lines({ firstAnswerMs: PING_FIRST_ANSWER_MS });
    const admin = this.kafka.client({ retry: PING_RETRY, requestTimeoutMs: PING_TIMEOUT_MS, lines }).admin();
    try {
      const answer = admin.connect().then(() => question(admin));
      return await inTime(answer, PING_TIMEOUT_MS, `Kafka does not answer within ${PING_TIMEOUT_MS} ms`);
    } finally {
      void admin.disconnect().catch(() => undefined);
    }
  }

  async #with<T>(task: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = this.kafka.client({ retry: RETRY }).admin();
    try {
      await admin.connect();
      return await task(admin);
    } finally {
      await admin.disconnect();
    }
  }

  /** A leader is one that answers for its partition: metadata names it a little earlier. */
  async #awaitLeaders(topic: string): Promise<void> {
    const giveUpAt = performance.now() + LEADER_PATIENCE_MS;
    for (;;) {
      try {
        await this.endOffsets(topic);
        return;
      } catch (error) {
        const young = YOUNG_TOPIC.has(kafkaErrorType(error) ?? '');
        if (!young) throw error;
        if (performance.now() > giveUpAt) throw new Error(`The partitions of topic ${topic} have no leader`);
        await delay(100);
      }
    }
  }
}

/** kafkajs hides the reasons behind one that says nothing. */
function causeOf(error: unknown): string {
  const errors: unknown = error instanceof Error && 'errors' in error ? error.errors : undefined;
  const first: unknown = Array.isArray(errors) ? errors[0] : error;
  return first instanceof Error ? first.message : 'unknown reason';
}
