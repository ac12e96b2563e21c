import { setTimeout as delay } from 'node:timers/promises';
import type { DatabaseAddress } from '@parley/platform';
import mysql from 'mysql2';
import { DataSource, type EntityManager } from 'typeorm';
import type { DatabasePair } from './database-env.js';
import { DatabaseUnavailable } from './database-errors.js';

/** How the connections of one database are made. `entities` is empty where only raw SQL is used. */
export interface ConnectionSettings {
  readonly poolSize: number;
  readonly entities?: readonly (new () => object)[];
}

const CONNECT_TIMEOUT_MS = 3_000;
const QUERY_TIMEOUT_MS = 10_000;
const RECONNECT_PAUSE_MS = 500;

/**
 * Times are UTC whatever the server's zone; a transaction sees what was committed before each of its statements, so
 * that a decision after a lock is about the locked state; and a lock that is not released is an error within seconds.
 */
const SESSION_SETTINGS = [
  "SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = 5, sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'",
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
];

/** The driver, with every connection of its pools set up before anyone uses it. */
const driver = {
  ...mysql,
  createPool(options: mysql.PoolOptions): mysql.Pool {
    const pool = mysql.createPool(options);
    pool.on('connection', (connection) => {
      for (const statement of SESSION_SETTINGS) {
        // A connection with other settings must not be used: closing it fails the statement that would follow.
        connection.query(statement, (error) => error && connection.destroy());
      }
    });
    return pool;
  },
};

/** A pool for one server. Whole numbers come back as numbers, also from BIGINT; sums and averages come back as text. */
export function createDataSource(
  address: DatabaseAddress,
  { poolSize, entities = [] }: ConnectionSettings,
): DataSource {
  return new DataSource({
    type: 'mysql',
    driver,
    ...address,
    entities: [...entities],
    poolSize,
    charset: 'utf8mb4',
    timezone: 'Z',
    supportBigNumbers: true,
    bigNumberStrings: false,
    connectTimeout: CONNECT_TIMEOUT_MS,
    enableQueryTimeout: true,
    maxQueryExecutionTime: QUERY_TIMEOUT_MS,
    logging: false,
  });
}

/** One server that may be away when the process starts: it is connected to in the background, and again after a loss. */
class Server {
  readonly #dataSource: DataSource;
  #opening: Promise<void> | undefined;
  #lastError: unknown;
  readonly #closing = new AbortController();

  constructor(
    readonly name: string,
    address: DatabaseAddress,
    settings: ConnectionSettings,
  ) {
    this.#dataSource = createDataSource(address, settings);
  }

  get connected(): DataSource | undefined {
    return this.#dataSource.isInitialized ? this.#dataSource : undefined;
  }

  get orThrow(): DataSource {
    if (this.connected === undefined) throw new DatabaseUnavailable(this.name, { cause: this.#lastError });
    return this.connected;
  }

  open(): void {
    this.#opening ??= this.#connect();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#opening;
    if (this.#dataSource.isInitialized) await this.#dataSource.destroy();
  }

  async #connect(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      try {
        await this.#dataSource.initialize();
        return;
      } catch (error) {
        this.#lastError = error;
        await delay(RECONNECT_PAUSE_MS, undefined, { signal: this.#closing.signal }).catch(() => undefined);
      }
    }
  }
}

/** A source, where everything is written and read back at once, and perhaps a replica, which may lag. */
export class Database {
  readonly #source: Server;
  readonly #replica: Server | undefined;

  constructor(
    readonly name: string,
    { source, replica }: DatabasePair,
    settings: ConnectionSettings,
  ) {
    this.#source = new Server(name, source, settings);
    this.#replica = replica && new Server(`${name}-replica`, replica, settings);
  }

  /** @throws DatabaseUnavailable until the server has answered for the first time. */
  get source(): DataSource {
    return this.#source.orThrow;
  }

  /** Undefined where there is none, and until it has answered for the first time. */
  get replica(): DataSource | undefined {
    return this.#replica?.connected;
  }

  /** Starts to connect and does not wait for it. */
  open(): void {
    this.#source.open();
    this.#replica?.open();
  }

  /** Resolves if the source answers. The replica does not count: without it, reads go to the source. */
  async check(): Promise<void> {
    await this.source.query('SELECT 1');
  }

  async close(): Promise<void> {
    await Promise.all([this.#source.close(), this.#replica?.close()]);
  }
}

/** Statements between BEGIN and COMMIT, as `source.transaction` hands them to its callback. */
export type Transaction = Pick<EntityManager, 'query'>;
