import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import type { Database } from './database.js';
import type { DatabaseOptions } from './database-env.js';
import type { MessageShards, ShardPlace } from './message-shards.js';
import type { UserDatabase } from './user-database.js';

/** How often an instance looks for shards that have been added, in ms. */
const LOOK_EVERY_MS = 2_000;
/** When a new shard gets its first channel: by then every instance has looked for it more than once. */
const OPENS_AFTER_SECONDS = 6;
/** An instance that has met an unknown shard looks at once, and not again within this time, in ms. */
const LOOK_AGAIN_MS = 100;

interface ShardColumns {
  readonly shard_id: number;
  readonly source_host: string;
  readonly source_port: number;
  readonly replica_host: string | null;
  readonly replica_port: number | null;
  readonly database_name: string;
  readonly is_open: number;
}

/** Tells the shards of a running process about those that have been added since it was configured. */
export class ShardRegistry {
  readonly #closing = new AbortController();
  #looking: Promise<void> | undefined;
  #running: Promise<void> | undefined;

  /** @param onAdded called with each shard that this process has come to know */
  constructor(
    private readonly users: Pick<UserDatabase, 'source'>,
    private readonly shards: MessageShards,
    private readonly onAdded: (shard: Database) => void = () => undefined,
  ) {}

  open(): void {
    this.shards.onUnknown = () => void this.#lookOnce();
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([this.#running, this.#looking]);
  }

  /** @throws what the database says */
  async look(): Promise<void> {
    const rows = await this.users.source.query<ShardColumns[]>(
      `SELECT shard_id, source_host, source_port, replica_host, replica_port, database_name,
         opens_at <= CURRENT_TIMESTAMP(3) AS is_open
       FROM message_shard ORDER BY shard_id`,
    );
    this.shards.closeToNew(new Set(rows.filter((row) => row.is_open === 0).map((row) => row.shard_id)));
    for (const row of rows) {
      const added = this.shards.add(row.shard_id, placeOf(row));
      if (added !== undefined) this.onAdded(added);
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#lookOnce();
      await delay(LOOK_EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** A look that fails is made up for by the next one. */
  #lookOnce(): Promise<void> {
    this.#looking ??= this.look()
      .catch(() => undefined)
      .then(() => delay(LOOK_AGAIN_MS, undefined, { ref: false }))
      .finally(() => (this.#looking = undefined));
    return this.#looking;
  }
}

function placeOf(row: ShardColumns): ShardPlace {
  const database = row.database_name;
  const source = { host: row.source_host, port: row.source_port, database };
  if (row.replica_host === null || row.replica_port === null) return { source };
  return { source, replica: { host: row.replica_host, port: row.replica_port, database } };
}

/**
 * Makes the last of the configured shards known to all instances. May be repeated.
 * @returns its number, and after how many seconds it gets its first channel
 */
export async function registerLastShard(
  users: Pick<DataSource, 'query'>,
  { shards }: Pick<DatabaseOptions, 'shards'>,
): Promise<{ id: number; opensAfterSeconds: number }> {
  const last = shards.at(-1);
  if (last === undefined) throw new Error('no shard is configured');
  const { source, replica } = last;
  await users.query(
    `INSERT INTO message_shard
       (shard_id, source_host, source_port, replica_host, replica_port, database_name, opens_at)
     VALUES (?, ?, ?, ?, ?, ?, CURRENT_TIMESTAMP(3) + INTERVAL ${OPENS_AFTER_SECONDS} SECOND)
     ON DUPLICATE KEY UPDATE shard_id = shard_id`,
    [shards.length, source.host, source.port, replica?.host ?? null, replica?.port ?? null, source.database],
  );
  return { id: shards.length, opensAfterSeconds: OPENS_AFTER_SECONDS };
}
