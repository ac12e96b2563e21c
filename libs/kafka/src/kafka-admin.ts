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

const RETRY = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5 };
const PING_TIMEOUT_MS = 1_500;
const LEADER_PATIENCE_MS = 20_000;

/** Topics and consumer groups. Connects when first used. */
export class KafkaAdmin {
  #admin: Promise<Admin> | undefined;

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
    const admin = await this.#connected();
    const created = await admin.createTopics({
      topics: [{ topic: name, numPartitions: partitions, replicationFactor, configEntries }],
      waitForLeaders: false,
    });
    await this.#awaitLeaders(admin, name);
    return created ? 'created' : 'existed';
  }

  /** Deletes the topic and its records; no error if it does not exist. */
  async deleteTopic(name: string): Promise<void> {
    const admin = await this.#connected();
    if (!(await admin.listTopics()).includes(name)) return;
    await admin.deleteTopics({ topics: [name] });
  }

  async listTopics(): Promise<string[]> {
    const admin = await this.#connected();
    return admin.listTopics();
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
    const admin = await this.#connected();
    const ends = await admin.fetchTopicOffsets(topic);
    return new Map(ends.map(({ partition, high }) => [partition, BigInt(high)]));
  }

  /** Partitions for which the group has never committed an offset. */
  async uncommittedPartitions(groupId: string, topic: string): Promise<Set<number>> {
    const admin = await this.#connected();
    const [offsets] = await admin.fetchOffsets({ groupId, topics: [topic] });
    const missing = offsets?.partitions.filter(({ offset }) => offset === '-1') ?? [];
    return new Set(missing.map(({ partition }) => partition));
  }

  /** For a group without members; no error if it does not exist. */
  async deleteGroup(groupId: string): Promise<void> {
    const admin = await this.#connected();
    const { groups } = await admin.listGroups();
    if (groups.some((group) => group.groupId === groupId)) await admin.deleteGroups([groupId]);
  }

  /** @throws Error unless a broker answers within 1.5 seconds. */
  async ping(): Promise<void> {
    const admin = this.kafka.client({ retry: { retries: 0 }, requestTimeoutMs: PING_TIMEOUT_MS }).admin();
    const timeout = new AbortController();
    try {
      await Promise.race([
        admin.connect().then(() => admin.describeCluster()),
        delay(PING_TIMEOUT_MS, undefined, { signal: timeout.signal }).then(() => {
          throw new Error(`Kafka does not answer within ${PING_TIMEOUT_MS} ms`);
        }),
      ]);
    } finally {
      timeout.abort();
      void admin.disconnect().catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    const admin = await this.#admin?.catch(() => undefined);
    this.#admin = undefined;
    await admin?.disconnect();
  }

  async #connected(): Promise<Admin> {
    this.#admin ??= this.#connect();
    try {
      return await this.#admin;
    } catch (error) {
      this.#admin = undefined;
      throw error;
    }
  }

  async #connect(): Promise<Admin> {
    const admin = this.kafka.client({ retry: RETRY }).admin();
    await admin.connect();
    return admin;
  }

  async #awaitLeaders(admin: Admin, topic: string): Promise<void> {
    const giveUpAt = performance.now() + LEADER_PATIENCE_MS;
    while (!(await this.#hasLeaders(admin, topic))) {
      if (performance.now() > giveUpAt) throw new Error(`The partitions of topic ${topic} have no leader`);
      await delay(100);
    }
  }

  async #hasLeaders(admin: Admin, topic: string): Promise<boolean> {
    try {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      return topics.every(({ partitions }) => partitions.length > 0 && partitions.every(({ leader }) => leader >= 0));
    } catch (error) {
      // A topic this young is not known to every broker.
      const type = kafkaErrorType(error);
      if (type === 'UNKNOWN_TOPIC_OR_PARTITION' || type === 'LEADER_NOT_AVAILABLE') return false;
      throw error;
    }
  }
}
