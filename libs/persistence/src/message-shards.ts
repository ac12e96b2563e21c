import { type ChannelId } from '@parley/protocol';
import { Database } from './database.js';
import type { DatabaseOptions, DatabasePair } from './database-env.js';
import { DatabaseUnavailable } from './database-errors.js';

/** The databases that hold messages: shard 1 to N. A channel stays on the shard it was created on. */
export class MessageShards {
  readonly #shards: Database[];
  readonly #first: DatabasePair | undefined;
  readonly #poolSize: number;
  #closedToNew: ReadonlySet<number> = new Set();
  /** Called when somebody asks for a shard that this process has not heard of: it may have been added just now. */
  onUnknown: () => void = () => undefined;
  /** Called when a shard's replica has become its source: what was known of the shard may be more than it has. */
  onSourceChanged: (shard: number) => void = () => undefined;

  constructor({ shards, poolSize }: Pick<DatabaseOptions, 'shards' | 'poolSize'>) {
    this.#poolSize = poolSize;
    this.#first = shards[0];
    this.#shards = shards.map((pair, index) => this.#database(index + 1, pair));
  }

  get count(): number {
    return this.#shards.length;
  }

  /** @throws DatabaseUnavailable for a shard that is not known here, or not yet */
  shard(id: number): Database {
    const shard = this.#shards[id - 1];
    if (shard !== undefined) return shard;
    this.onUnknown();
    throw new DatabaseUnavailable(`shard-${id}`);
  }

  /** Where a new channel goes. What is stored with a channel counts from then on: adding a shard moves nothing. */
  shardFor(newChannel: ChannelId): number {
    const isOpen = (_: Database, index: number): boolean => !this.#closedToNew.has(index + 1);
    const open = Math.max(1, this.#shards.filter(isOpen).length);
    return ((newChannel - 1) % open) + 1;
  }

  all(): readonly Database[] {
    return this.#shards;
  }

  /**
   * Takes in the next shard, with the credentials of the first, and starts to connect to it.
   * @returns undefined if there is one of this number, or one before it is missing
   */
  add(id: number, { source, replica }: ShardPlace): Database | undefined {
    if (id !== this.count + 1 || this.#first === undefined) return undefined;
    const { source: account, failover = true } = this.#first;
    const added = this.#database(id, {
      source: { ...account, ...source },
      ...(replica !== undefined && { replica: { ...account, ...replica }, failover }),
    });
    this.#shards.push(added);
    added.open();
    return added;
  }

  /** Shards in which no channel is created, because other instances may not know of them yet. The last ones only. */
  closeToNew(ids: ReadonlySet<number>): void {
    this.#closedToNew = ids;
  }

  #database(id: number, pair: DatabasePair): Database {
    const database = new Database(`shard-${id}`, pair, { poolSize: this.#poolSize });
    database.onSourceChanged = () => this.onSourceChanged(id);
    return database;
  }
}

interface Place {
  readonly host: string;
  readonly port: number;
  readonly database: string;
}

/** Where a shard is, without the credentials. */
export interface ShardPlace {
  readonly source: Place;
  readonly replica?: Place;
}
