import { DeployError } from '../errors.js';
import {
  changeDatabaseState,
  loadDatabaseState,
  pairOf,
  type DatabasePair,
} from '../native/databases/database-state.js';
import { withStackLock } from '../native/lock.js';
import type { ReplicatedServer } from '../native/databases/replicated-server.js';
import { USER_SCHEMA } from '../topology.js';
import { letFollow } from './mend-replicas.js';
import type { Stack } from './stack.js';

/** `users`, or the number of a message shard. */
export type DatabaseName = 'users' | number;

export interface Switched {
  /** Name of the server that takes writes now. */
  readonly source: string;
  /** Whether the other one already follows it. Otherwise it does when it is started again. */
  readonly replica: 'follows' | 'is away';
}

export interface SwitchOptions {
  /** Is told each step. */
  readonly progress?: (line: string) => void;
  /** Promotes a replica even if it had stopped receiving from the source that died: what came later is lost. */
  readonly acceptLoss?: boolean;
}

/** How long the replica may take to carry out what it has received (s), before writes stop and after. */
const CATCH_UP_SECONDS = 60;
const CATCH_UP_ROUND_SECONDS = 5;
const FINISH_SECONDS = 10;
const FOLLOW_MS = 20_000;

async function pairHolding({ topology, description }: Stack, database: DatabaseName): Promise<DatabasePair> {
  const schema = database === 'users' ? USER_SCHEMA : topology.shardSchemas[database - 1];
  const server = topology.databases.find(({ schemas }) => schema !== undefined && schemas.includes(schema));
  if (server === undefined) {
    throw new DeployError(`there is no shard ${database}: there are 1 to ${topology.shardSchemas.length}`);
  }
  const pair = pairOf(topology, server, await loadDatabaseState(description.stateDir));
  if (pair === undefined) throw new DeployError(`${server.name} has no replica: only npm start -- --full has replicas`);
  return pair;
}

/**
 * Makes the replica of a database the source. While the source is alive, nothing that was written is lost, and the
 * two change their roles; one that does not answer or cannot commit is killed first, so that it takes no writes behind
 * our back, and becomes the replica when it is started again. Services notice by themselves. May be run again after an interruption.
 * @throws DeployError if the replica cannot take over, or would do so without what the source has acknowledged
 */
export async function switchSource(
  stack: Stack,
  database: DatabaseName,
  { progress = () => undefined, acceptLoss = false }: SwitchOptions = {},
): Promise<Switched> {
  return withStackLock(stack.description.stateDir, async () => {
    const pair = await pairHolding(stack, database);
    return new Switch(stack, pair, progress, acceptLoss).run();
  });
}

class Switch {
  readonly #source: ReplicatedServer;
  readonly #replica: ReplicatedServer;

  constructor(
    private readonly stack: Stack,
    pair: DatabasePair,
    private readonly progress: (line: string) => void,
    private readonly acceptLoss: boolean,
  ) {
    this.#source = stack.database(pair.source.name);
    this.#replica = stack.database(pair.replica.name);
  }

  async run(): Promise<Switched> {
    if (!(await this.#source.answers())) return this.#replaceDead();
    if (!(await this.#source.takesWrites())) return this.#finishInterrupted();
    if (!(await this.#source.commits())) return this.#replaceStuck();
    return this.#changeRoles();
  }

  async #changeRoles(): Promise<Switched> {
    const [source, replica] = [this.#source, this.#replica];
    await this.#requireFollowing();
    if ((await this.#catchUp()) === 'stuck') return this.#replaceStuck();
    this.progress(`${source.name} takes no more writes`);
    try {
      await source.refuseWrites();
      if (!(await replica.catchesUp(await source.position(), FINISH_SECONDS))) {
        throw new DeployError(`${replica.name} did not catch up: nothing has changed, try again`);
      }
    } catch (error) {
      // Its disk may have become full after it was asked.
      if (!(await source.commits())) return this.#replaceStuck();
      await source.acceptWrites();
      throw error;
    }
    await this.#promote();
    return this.#letFollow(source, replica);
  }

  async #replaceDead(): Promise<Switched> {
    const [source, replica] = [this.#source, this.#replica];
    await this.#requireReplica();
    if ((await replica.replication(source, 0)) === 'diverged') {
      throw new DeployError(
        `${replica.name} has lost touch with ${source.name} before: only ${source.name} is complete`,
      );
    }
    if (!this.acceptLoss && !(await replica.wantsMore())) {
      throw new DeployError(
        `${replica.name} had stopped receiving from ${source.name}, which may have acknowledged what nobody else has: ` +
          'start that again, or give it up with --accept-loss',
      );
    }
    const process = this.stack.process(source.name);
    // Whatever it is doing, it must not acknowledge anything from now on.
    if (await process.isRunning()) await process.kill();
    this.progress(`${source.name} is away`);
    await replica.finishReceived(CATCH_UP_SECONDS);
    await this.#promote();
    return { source: replica.name, replica: 'is away' };
  }

  /** A source that gets stuck meanwhile counts what it cannot commit as its own: the replica would never be there. */
  async #catchUp(): Promise<'done' | 'stuck'> {
    const [source, replica] = [this.#source, this.#replica];
    for (let waited = 0; waited < CATCH_UP_SECONDS; waited += CATCH_UP_ROUND_SECONDS) {
      const position = await source.position().catch(() => undefined);
      if (position !== undefined && (await replica.catchesUp(position, CATCH_UP_ROUND_SECONDS))) return 'done';
      if (!(await source.commits())) return 'stuck';
    }
    throw new DeployError(`${replica.name} is more than ${CATCH_UP_SECONDS} s behind ${source.name}: try again later`);
  }

  /** It can still be read: the replica gets all that was acknowledged before it is killed. */
  async #replaceStuck(): Promise<Switched> {
    const [source, replica] = [this.#source, this.#replica];
    this.progress(`${source.name} answers, but cannot commit`);
    await this.#requireFollowing();
    // Its own position does not say where that ends: it counts what it is stuck with.
    if (!(await replica.receivesNoMore(CATCH_UP_SECONDS))) {
      throw new DeployError(`${source.name} takes long to commit, but does: try again later`);
    }
    return this.#replaceDead();
  }

  /** Whoever is written down as the source has everything: it was written down after it had caught up. */
  async #finishInterrupted(): Promise<Switched> {
    this.progress('finishing a switch that was interrupted');
    await this.#source.becomeSource();
    return this.#letFollow(this.#replica, this.#source);
  }

  async #promote(): Promise<void> {
    const { description } = this.stack;
    const { promoted } = await loadDatabaseState(description.stateDir);
    const others = promoted.filter((name) => name !== this.#source.name);
    const beganAsReplica = this.#replica.server.replicaOf !== undefined;
    await changeDatabaseState(description.stateDir, {
      promoted: beganAsReplica ? [...others, this.#replica.name] : others,
    });
    await this.#replica.becomeSource();
    this.progress(`${this.#replica.name} takes the writes`);
  }

  async #letFollow(replica: ReplicatedServer, source: ReplicatedServer): Promise<Switched> {
    const follows =
      (await replica.answers()) &&
      (await letFollow(this.stack, { replica, source, withinMs: FOLLOW_MS }, this.progress)) === 'following';
    return { source: source.name, replica: follows ? 'follows' : 'is away' };
  }

  async #requireFollowing(): Promise<void> {
    const [source, replica] = [this.#source, this.#replica];
    await this.#requireReplica();
    if ((await replica.replication(source, FOLLOW_MS)) !== 'following') {
      throw new DeployError(`${replica.name} does not follow ${source.name}: run npm start first`);
    }
  }

  async #requireReplica(): Promise<void> {
    const { name } = this.#replica;
    if (!(await this.#replica.answers())) throw new DeployError(`${name} does not answer: it cannot take over`);
  }
}
