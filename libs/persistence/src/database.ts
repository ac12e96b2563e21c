import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { DatabaseAddress } from '@parley/platform';
import type { DataSource, EntityManager } from 'typeorm';
import type { ConnectionSettings } from './data-source.js';
import type { DatabasePair } from './database-env.js';
import { DatabaseUnavailable, isUnavailable } from './database-errors.js';
import { DatabaseServer } from './database-server.js';
import { ReplicaPosition } from './replica-position.js';

/** How often the server that takes writes is looked for while none does, in ms. */
const SEARCH_PAUSE_MS = 100;
/**
 * A source from which nothing at all comes for so long, in ms, is not waited for by who would take an older answer. A
 * replica that keeps up has carried out by then what its source had told anybody.
 */
const OLD_WILL_DO_AFTER_MS = 500;

/** How to read with {@link Database.read}. */
export interface ReadOptions<T> {
  /** Tells by the answer itself that the replica has all of it. Then nobody asks the source how far it is. */
  readonly isComplete?: (answer: T) => boolean;
  /**
   * Whether, while the source is away or silent, the answer may be what the replica holds, which may be slightly old: it
   * had caught up when it was last asked.
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

  /** Called when the other server has become the source; what was read before may not be there. */
  onSourceChanged: () => void = () => undefined;

  constructor(
    readonly name: string,
    { source, replica, failover = false }: DatabasePair,
    settings: ConnectionSettings,
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
    const { replica } = this;
    const isProven = isComplete === undefined ? this.#catchesUp(replica) : Promise.resolve(true);
    if (mayBeOld && (await this.#fallsSilentBefore(isProven)) && this.#lastProven !== undefined) {
      return this.#count('replica', what, await query(this.#lastProven));
    }
    const copied = (await isProven) ? await copyOf(replica, query, isComplete) : undefined;
    if (copied !== undefined) return this.#count('replica', what, copied.answer);
    try {
      return this.#count('source', what, await query(this.source));
    } catch (error) {
      const old = mayBeOld && isUnavailable(error) ? this.#lastProven : undefined;
      if (old === undefined) throw error;
      return this.#count('replica', what, await query(old));
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

  /** The replica, if it had caught up when it was last asked. */
  get #lastProven(): DataSource | undefined {
    return this.#position.hadCaughtUp ? this.replica : undefined;
  }

  /** Whether, before there is an outcome, nothing comes from the source for too long. */
  async #fallsSilentBefore(outcome: Promise<unknown>): Promise<boolean> {
    const source = this.#source;
    const settled = outcome.then(() => false);
    let heard: number;
    do {
      heard = source.answers;
      // If it was this process that stood still, the answers are there and only have to be read.
      const isLate = delay(OLD_WILL_DO_AFTER_MS, undefined, { ref: false }).then(() => nextTurn(true));
      if (!(await Promise.race([settled, isLate]))) return false;
    } while (source.answers > heard);
    return true;
  }

  async #catchesUp(replica: DataSource | undefined): Promise<boolean> {
    if (replica === undefined) return false;
    try {
      return await this.#position.catchesUp(this.source, replica);
    } catch {
      // The source is asked for the answer itself next: what is wrong shows there.
      return false;
    }
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

/** Undefined if there is no copy of all of it, or none to be had: whatever is wrong with a replica, the source has the answer. */
async function copyOf<T>(
  replica: DataSource | undefined,
  query: (server: DataSource) => Promise<T>,
  isComplete: (answer: T) => boolean = () => true,
): Promise<{ answer: T } | undefined> {
  if (replica === undefined) return undefined;
  try {
    const answer = await query(replica);
    return isComplete(answer) ? { answer } : undefined;
  } catch {
    return undefined;
  }
}

/** Statements between BEGIN and COMMIT, as `source.transaction` hands them to its callback. */
export type Transaction = Pick<EntityManager, 'query'>;
