import { setTimeout as delay } from 'node:timers/promises';
import type { DatabaseAddress } from '@parley/platform';
import type { DataSource, EntityManager } from 'typeorm';
import type { ConnectionSettings } from './data-source.js';
import type { DatabasePair } from './database-env.js';
import { DatabaseUnavailable } from './database-errors.js';
import { DatabaseServer } from './database-server.js';

/** How often the server that takes writes is looked for while none does, in ms. */
const SEARCH_PAUSE_MS = 100;

/**
 * A source, where everything is written and read back at once, and perhaps a replica, which may lag. With failover the
 * two say themselves which is the source: the one that is not read-only. Each connection to the source was writable
 * when it was made, and whenever something fails both are asked again, so a switch needs no restart.
 */
export class Database {
  readonly #servers: readonly DatabaseServer[];
  #source: DatabaseServer;
  #searching = false;
  #closed = false;

  constructor(
    readonly name: string,
    { source, replica, failover = false }: DatabasePair,
    settings: ConnectionSettings,
    /** Called when the other server has become the source; what was read before may not be there. */
    private readonly onSourceChanged: () => void = () => undefined,
  ) {
    const server = (serverName: string, address: DatabaseAddress): DatabaseServer => {
      if (!failover) return new DatabaseServer(serverName, address, settings);
      const one: DatabaseServer = new DatabaseServer(serverName, address, settings, {
        onTrouble: () => this.#doubt(one),
        onRole: (isWritable) => this.#admit(one, isWritable),
      });
      return one;
    };
    this.#source = server(name, source);
    this.#servers = [this.#source, ...(replica === undefined ? [] : [server(`${name}-replica`, replica)])];
  }

  /** @throws DatabaseUnavailable until the server has answered for the first time, and while it is silent. */
  get source(): DataSource {
    return this.#source.orThrow;
  }

  /** Undefined where there is none, until it has answered for the first time, and while it is silent. */
  get replica(): DataSource | undefined {
    return this.#servers.find((server) => server !== this.#source)?.connected;
  }

  /** Starts to connect and does not wait for it. */
  open(): void {
    for (const server of this.#servers) server.open();
  }

  /** Resolves if the source answers. The replica does not count: without it, reads go to the source. */
  async check(): Promise<void> {
    await this.source.query('SELECT 1');
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#servers.map((server) => server.close()));
  }

  /** What is read from a server that has become a replica may be old, so it is not used as the source any more. */
  #admit(server: DatabaseServer, isWritable: boolean): void {
    const isSource = server === this.#source;
    if (isWritable !== isSource) void this.#findSource();
    if (isSource && !isWritable) throw new DatabaseUnavailable(this.name);
  }

  #doubt(server: DatabaseServer): void {
    if (server === this.#source) void this.#findSource();
  }

  /** Two servers are never made writable at once; should they be, the one in use is kept. */
  async #findSource(): Promise<void> {
    if (this.#searching) return;
    this.#searching = true;
    while (!this.#closed) {
      const writable = await Promise.all(this.#servers.map(async (server) => (await server.isWritable()) && server));
      const found = writable.find((server) => server === this.#source) || writable.find((server) => server !== false);
      if (found) {
        const isOther = found !== this.#source;
        this.#source = found;
        if (isOther) this.onSourceChanged();
        break;
      }
      await delay(SEARCH_PAUSE_MS);
    }
    this.#searching = false;
  }
}

/** Statements between BEGIN and COMMIT, as `source.transaction` hands them to its callback. */
export type Transaction = Pick<EntityManager, 'query'>;
