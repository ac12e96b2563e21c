import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { isChangingHands, isStaleMetadata, RejoinNeeded } from './kafka-errors.js';

/** While a group changes hands, how long to wait until it is asked for again. */
const HANDS_CHANGE_MS = 200;

/** After being told that another broker leads: how long to wait before it is asked, as the others may not know yet. */
const LEADER_CHANGE_MS = 100;

/** The insides of kafkajs 2.2.4, as far as they concern us. */
export interface KafkajsConsumerGroup {
  readonly memberId: string | null;
  readonly cluster: { refreshMetadata: () => Promise<void> };
  joinAndSync: (this: KafkajsConsumerGroup) => Promise<void>;
  recoverFromFetch: (this: KafkajsConsumerGroup, error: Error) => Promise<void>;
}

export interface KafkajsBrokerPool {
  /** By the broker's id. */
  brokers: Record<string, unknown>;
  refreshMetadata: (this: KafkajsBrokerPool, topics: readonly string[]) => Promise<void>;
}

interface Class<T> {
  readonly prototype: T;
  new (options: object): T;
}

const require = createRequire(import.meta.url);
export const ConsumerGroup = require('kafkajs/src/consumer/consumerGroup.js') as Class<KafkajsConsumerGroup>;
export const BrokerPool = require('kafkajs/src/cluster/brokerPool.js') as Class<KafkajsBrokerPool>;

const { joinAndSync, recoverFromFetch } = ConsumerGroup.prototype;
const joins = new WeakMap<KafkajsConsumerGroup, Promise<void>>();

/**
 * kafkajs gives up when a group changes hands while it joins: the group then has a member more, which nobody knows any
 * more and for whose session everybody waits. Asked again, it goes on as the member that it has become.
 */
async function joinWhoeverHasTheGroup(group: KafkajsConsumerGroup): Promise<void> {
  for (;;) {
    try {
      await joinAndSync.call(group);
      return;
    } catch (error) {
      if (!isChangingHands(error)) throw error;
      await delay(HANDS_CHANGE_MS);
    }
  }
}

/**
 * A consumer has a fetch under way at each broker, and any of them may find out that the group has to be joined. Two
 * that do so at once would use one membership and take it from each other. So they join together.
 */
ConsumerGroup.prototype.joinAndSync = function (this: KafkajsConsumerGroup): Promise<void> {
  const join =
    joins.get(this) ??
    joinWhoeverHasTheGroup(this).finally(() => {
      joins.delete(this);
    });
  joins.set(this, join);
  return join;
};

/**
 * Told that another broker leads a partition, kafkajs joins the group anew, from within one fetch: the whole group stops,
 * and what the other fetches bring still counts, though it is of the time before. Who leads is no matter of the group,
 * so it is only looked up. Where the partitions themselves are others than thought, the group is joined the
 * ordinary way, after all fetches have ended.
 */
ConsumerGroup.prototype.recoverFromFetch = async function (this: KafkajsConsumerGroup, error: Error): Promise<void> {
  if (isStaleMetadata(error)) {
    await delay(LEADER_CHANGE_MS);
    await this.cluster.refreshMetadata();
  } else if (error.name === 'KafkaJSStaleTopicMetadataAssignment') {
    throw new RejoinNeeded(error);
  } else {
    await recoverFromFetch.call(this, error);
  }
};

const { refreshMetadata } = BrokerPool.prototype;
const refreshes = new WeakMap<KafkajsBrokerPool, Promise<void>>();

/**
 * A fetch that has lost its broker asks who is there, and the others ask beside it. If the earlier answer is from before
 * a broker came back and the later one from after, the later one counts, but the earlier question, which ends when the
 * connection to that broker is closed, takes the broker away: what it leads is asked of nobody. So one ends before the
 * next one begins.
 */
BrokerPool.prototype.refreshMetadata = function (this: KafkajsBrokerPool, topics: readonly string[]): Promise<void> {
  const refresh = () => refreshMetadata.call(this, topics);
  const before = refreshes.get(this) ?? Promise.resolve();
  const mine = before.then(refresh, refresh);
  refreshes.set(this, mine);
  return mine;
};
