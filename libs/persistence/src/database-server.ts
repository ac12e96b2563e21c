import { setTimeout as delay } from 'node:timers/promises';
import type { DatabaseAddress } from '@parley/platform';
import type { DataSource } from 'typeorm';
import { type ConnectionSettings, createDataSource } from './data-source.js';
import { DatabaseUnavailable } from './database-errors.js';
import { isWritable, ROLE_QUERY, type ServerSigns } from './driver.js';

/**
 * Longer than a statement waits for a lock, and than a source waits for its replica; and as short as can be, because
 * once, when a server falls silent, all that is in the same batch waits for so long.
 */
const QUERY_TIMEOUT_MS = 2_500;
const RECONNECT_PAUSE_MS = 500;
/** How long a server is waited for when it is asked for its role, in ms: others may be the ones to use by then. */
const ROLE_TIMEOUT_MS = 1_000;

/**
 * One server that may be away when the process starts: it is connected to in the background, and again after a loss.
 * One that has fallen silent is left alone until it answers a question asked in the background: a refusal costs
 * nothing, but waiting for each statement in vain would hold up all that has nothing to do with this server.
 */
export class DatabaseServer {
  readonly #dataSource: DataSource;
  #opening: Promise<void> | undefined;
  #lastError: unknown;
  #isSilent = false;
  #answers = 0;
  readonly #closing = new AbortController();

  constructor(
    readonly name: string,
    address: DatabaseAddress,
    settings: ConnectionSettings,
    signs: Pick<ServerSigns, 'onTrouble' | 'onRole'> = {},
  ) {
    const onSilence = (): void => void this.#awaitAnswer();
    const onAnswer = (): void => void (this.#answers += 1);
    this.#dataSource = createDataSource(address, {
      queryTimeoutMs: QUERY_TIMEOUT_MS,
      ...settings,
      signs: { ...signs, onAnswer, onSilence },
    });
  }

  /** Statements carried out so far: one that is late is no bad sign while this goes up. */
  get answers(): number {
    return this.#answers;
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

  /** Whether it takes writes now; false if it does not say so in time. */
  async isWritable(): Promise<boolean> {
    if (!this.#dataSource.isInitialized) return false;
    const asked = this.#dataSource.query(ROLE_QUERY).then(isWritable);
    const late = delay(ROLE_TIMEOUT_MS, false, { ref: false });
    return Promise.race([asked, late]).catch(() => false);
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
