import { createRequire } from 'node:module';

/** The insides of kafkajs 2.2.4, as far as they concern us. */
export interface KafkajsConsumerGroup {
  joinAndSync: (this: KafkajsConsumerGroup) => Promise<void>;
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

const { joinAndSync } = ConsumerGroup.prototype;
const joins = new WeakMap<KafkajsConsumerGroup, Promise<void>>();

/**
 * A consumer has a fetch under way at each broker, and each of them that is told "another broker leads now" joins the
 * group anew. Two that do so at once disown each other: the later one is what heartbeats are sent for, and the group is
 * content with them, but the partitions it is given do not arrive. So they join together.
 */
ConsumerGroup.prototype.joinAndSync = function (this: KafkajsConsumerGroup): Promise<void> {
  const join =
    joins.get(this) ??
    joinAndSync.call(this).finally(() => {
      joins.delete(this);
    });
  joins.set(this, join);
  return join;
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
