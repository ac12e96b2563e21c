import type { Kafka } from 'kafkajs';
import type { KafkaHandle } from '../src/kafka-handle.js';
import { Lines } from '../src/lines.js';
import { silentLog } from '../src/silent-log.js';

/** An error as a broker names it. */
export const brokerError = (type: string): Error => Object.assign(new Error(type), { type });

interface SentMessage {
  readonly key: string | null;
  readonly value: string | Buffer;
}
interface SentBatch {
  readonly topicMessages: readonly { readonly topic: string; readonly messages: readonly SentMessage[] }[];
}

/** What kafkajs would reach, in the hands of a test: every call can be made to fail. */
export class ScriptedBroker {
  topics = ['topic'];
  groups: string[] = [];
  groupState = 'Stable';
  /** Values in the order in which they were stored. */
  readonly stored: string[] = [];
  readonly calls: string[] = [];
  readonly warnings: string[] = [];
  /** Errors of the next calls of each name; a call without one succeeds. */
  readonly failures = new Map<string, Error[]>();
  /** The error for a request with this content, if it is refused. */
  refuses: (batch: SentBatch) => Error | undefined = () => undefined;

  readonly kafka: KafkaHandle = {
    log: { ...silentLog, warn: (_, message) => void this.warnings.push(message) },
    lines: () => new Lines(),
    client: () => ({ producer: () => this.#producer(), admin: () => this.#admin() }) as unknown as Kafka,
  };

  fail(call: string, ...errors: Error[]): void {
    this.failures.set(call, errors);
  }

  #producer() {
    return {
      connect: () => this.#called('connect', undefined),
      disconnect: () => this.#called('disconnect', undefined),
      sendBatch: async (batch: SentBatch) => {
        await this.#called('send', undefined);
        const refusal = this.refuses(batch);
        if (refusal !== undefined) throw refusal;
        for (const { messages } of batch.topicMessages) {
          this.stored.push(...messages.map(({ value }) => value.toString()));
        }
      },
    };
  }

  #admin() {
    return {
      connect: () => this.#called('connect', undefined),
      disconnect: () => this.#called('disconnect', undefined),
      listTopics: () => this.#called('listTopics', this.topics),
      createTopics: ({ topics }: { topics: { topic: string; configEntries: { name: string; value: string }[] }[] }) => {
        const settings = topics.flatMap(({ configEntries }) =>
          configEntries.map(({ name, value }) => `${name}=${value}`),
        );
        return this.#called('createTopics', true, settings);
      },
      deleteTopics: ({ topics }: { topics: string[] }) => this.#called('deleteTopics', undefined, topics),
      describeGroups: (names: string[]) =>
        this.#called('describeGroups', { groups: [{ state: this.groupState }] }, names),
      fetchTopicOffsets: () => this.#called('fetchTopicOffsets', [{ partition: 0, offset: '7', high: '7', low: '0' }]),
      fetchOffsets: ({ topics }: { topics: string[] }) =>
        this.#called(
          'fetchOffsets',
          topics.map((topic) => ({
            topic,
            partitions: [
              { partition: 0, offset: '3' },
              { partition: 1, offset: '-1' },
            ],
          })),
        ),
      listGroups: () => this.#called('listGroups', { groups: this.groups.map((groupId) => ({ groupId })) }),
      deleteGroups: (groups: string[]) => this.#called('deleteGroups', undefined, groups),
    };
  }

  async #called<T>(call: string, answer: T, details: readonly string[] = []): Promise<T> {
    this.calls.push([call, ...details].join(' '));
    const error = this.failures.get(call)?.shift();
    if (error !== undefined) throw error;
    return answer;
  }
}
