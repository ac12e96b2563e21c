import { setTimeout as delay } from 'node:timers/promises';
import type { DatabaseAddress } from '@parley/platform';
import { DataSource, type EntityManager, type Logger } from 'typeorm';
import type { DatabasePair } from './database-env.js';
import { DatabaseUnavailable } from './database-errors.js';
import { driverWith } from './driver.js';

/** How the connections of one database are made. `entities` is empty where only raw SQL is used. */
export interface ConnectionSettings {
  readonly poolSize: number;
  readonly entities?: readonly (new () => object)[];
  /** How long a statement may take, in ms. */
  readonly queryTimeoutMs?: number;
  /** Called when the server has let that time pass, or the time to connect. */
  readonly onSilence?: () => void;
}

const CONNECT_TIMEOUT_MS = 3_000;
const LONG_QUERY_TIMEOUT_MS = 10_000;
/** Longer than a statement waits for a lock, and short enough that people are told within 5 seconds. */
const QUERY_TIMEOUT_MS = 4_000;
const RECONNECT_PAUSE_MS = 500;

const nothing = (): void => undefined;
/** Errors reach whoever asked; and the ORM would print slow statements together with what people wrote. */
const SILENT: Logger = {
  log: nothing,
  logMigration: nothing,
  logQuery: nothing,
  logQueryError: nothing,
  logQuerySlow: nothing,
  logSchemaBuild: nothing,
};

/** A pool for one server. Whole numbers come back as numbers, also from BIGINT; sums and averages come back as text. */
export function createDataSource(
  address: DatabaseAddress,
  { poolSize, entities = [], queryTimeoutMs = LONG_QUERY_TIMEOUT_MS, onSilence = () => undefined }: ConnectionSettings,
): DataSource {
  return new DataSource({
    type: 'mysql',
    driver: driverWith(onSilence),
    ...address,
    entities: [...entities],
    poolSize,
    charset: 'utf8mb4',
    timezone: 'Z',
    supportBigNumbers: true,
    bigNumberStrings: false,
    connectTimeout: CONNECT_TIMEOUT_MS,
    enableQueryTimeout: true,
    maxQueryExecutionTime: queryTimeoutMs,
    logger: SILENT,
  });
}

/**
 * One server that may be away when the process starts: it is connected to in the background, and again after a loss.
 * One that has fallen silent is left alone until it answers a question asked in the background: a refusal costs
 * nothing, but waiting for each statement in vain would hold up all that has nothing to do with this server.
 */
class Server {
  readonly #dataSource: DataSource;
  #opening: Promise<void> | undefined;
  #lastError: unknown;
  #isSilent = false;
  readonly #closing = new AbortController();

  constructor(
    readonly name: string,
    address: DatabaseAddress,
    settings: ConnectionSettings,
  ) {
    const onSilence = (): void => void this.#awaitAnswer();
    this.#dataSource = createDataSource(address, { queryTimeoutMs: QUERY_TIMEOUT_MS, onSilence, ...settings });
  }

  get connected(): DataSource | undefined {
    return this.#dataSource.isInitialized && !this.#isSilent ? this.#dataSource : undefined;
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
        await this.#pause();
      }
    }
  }

  async #awaitAnswer(): Promise<void> {
    if (this.#isSilent || !this.#dataSource.isInitialized) return;
    this.#isSilent = true;
    while (this.#isSilent && !this.#closing.signal.aborted) {
      try {
        await this.#dataSource.query('SELECT 1');
        this.#isSilent = false;
      } catch (error) {
        this.#lastError = error;
        await this.#pause();
      }
    }
  }

  async #pause(): Promise<void> {
    await delay(RECONNECT_PAUSE_MS, undefined, { signal: this.#closing.signal }).catch(() => undefined);
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

  /** @throws DatabaseUnavailable until the server has answered for the first time, and while it is silent. */
  get source(): DataSource {
    return this.#source.orThrow;
  }

  /** Undefined where there is none, until it has answered for the first time, and while it is silent. */
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
