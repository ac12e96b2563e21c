import { type ChannelId } from '@parley/protocol';
import { Database } from './database.js';
import type { DatabaseOptions } from './database-env.js';

/** The databases that hold messages: shard 1 to N. A channel stays on the shard it was created on. */
export class MessageShards {
  readonly #shards: readonly Database[];

  constructor({ shards, poolSize }: Pick<DatabaseOptions, 'shards' | 'poolSize'>) {
    this.#shards = shards.map((pair, index) => new Database(`shard-${index + 1}`, pair, { poolSize }));
  }

  get count(): number {
    return this.#shards.length;
  }

  /** @throws RangeError for a shard that is not configured: its channels cannot be served here. */
  shard(id: number): Database {
    const shard = this.#shards[id - 1];
    if (shard === undefined) throw new RangeError(`Shard ${id} is not configured, only 1 to ${this.count}`);
    return shard;
  }

  /** Where a new channel goes. What is stored with a channel counts from then on: adding a shard moves nothing. */
  shardFor(newChannel: ChannelId): number {
    return ((newChannel - 1) % this.count) + 1;
  }

  all(): readonly Database[] {
    return this.#shards;
  }
}
