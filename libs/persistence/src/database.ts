import { setTimeout as delay } from 'node:timers/promises';
import type { DatabaseAddress } from '@parley/platform';
import type { DataSource, EntityManager } from 'typeorm';
import type { ConnectionSettings } from './data-source.js';
import type { DatabasePair } from './database-env.js';
import { DatabaseUnavailable, isUnavailable } from './database-errors.js';
import { DatabaseServer } from './database-server.js';
import { ReplicaPosition } from './replica-position.js';

/** How often the server that takes writes is looked for while none does, in ms. */
const SEARCH_PAUSE_MS = 100;

/** How to read with {@link Database.read}. */
export interface ReadOptions<T> {
  /** Tells by the answer itself that the replica has all of it. Then nobody asks the source how far it is. */
  readonly isComplete?: (answer: T) => boolean;
  /**
   * Whether, while the source is away, the answer may be what the replica holds, which may be slightly old: it had
   * caught up when it was last asked.
   */
  readonly mayBeOld?: boolean;
}

/** The server that has answered. */
export type Route = 'source' | 'replica';

/**
 * A source, where everything is written and read back at once, and perhaps a replica, which may lag. With failover the
 * two say themselves which is the source: the one that is not read-only. Each connection to the source was writable
 * when it was made, and whenever something fails both are asked again, so a switch needs no restart.
 */
export class Database {
  readonly #servers: readonly DatabaseServer[];
  #source: DatabaseServer;
  #position = new ReplicaPosition();
  #searching = false;
  #closed = false;

  /** How often {@link read} was answered, by server and by what was read. */
  readonly reads: Readonly<Record<Route, Map<string, number>>> = { source: new Map(), replica: new Map() };

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

  /**
   * Reads what changes nothing and decides nothing: from the replica if that proves to have all that was committed
   * before, otherwise from the source.
   * @param what a word for it in the metrics
   * @throws DatabaseUnavailable and what else the source answers
   */
  async read<T>(
    what: string,
    query: (server: DataSource) => Promise<T>,
    { isComplete, mayBeOld = false }: ReadOptions<T> = {},
  ): Promise<T> {
    // Whatever is wrong with the replica, the source has the answer.
    const copied = await this.#readProven(query, isComplete).catch(() => undefined);
    if (copied !== undefined) return this.#count('replica', what, copied.answer);
    try {
      return this.#count('source', what, await query(this.source));
    } catch (error) {
      const replica = mayBeOld && isUnavailable(error) && this.#position.hadCaughtUp ? this.replica : undefined;
      if (replica === undefined) throw error;
      return this.#count('replica', what, await query(replica));
    }
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

  async #readProven<T>(
    query: (server: DataSource) => Promise<T>,
    isComplete: ReadOptions<T>['isComplete'],
  ): Promise<{ answer: T } | undefined> {
    const { replica } = this;
    if (replica === undefined) return undefined;
    if (isComplete === undefined && !(await this.#position.catchesUp(this.source, replica))) return undefined;
    const answer = await query(replica);
    return isComplete === undefined || isComplete(answer) ? { answer } : undefined;
  }

  #count<T>(route: Route, what: string, answer: T): T {
    this.reads[route].set(what, (this.reads[route].get(what) ?? 0) + 1);
    return answer;
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
        if (isOther) {
          this.#position = new ReplicaPosition();
          this.onSourceChanged();
        }
        break;
      }
      await delay(SEARCH_PAUSE_MS);
    }
    this.#searching = false;
  }
}

/** Statements between BEGIN and COMMIT, as `source.transaction` hands them to its callback. */
export type Transaction = Pick<EntityManager, 'query'>;
