import { setTimeout as delay } from 'node:timers/promises';
import { DeployError } from '../../errors.js';
import type { DatabaseServer } from '../../topology.js';
import { DATABASE_USER } from '../../environment.js';
import { run } from '../run.js';
import type { StackSecrets } from '../secrets.js';
import { becomesTrue } from '../waiting.js';
import type { DatabaseEngine, ReplicaStatus } from './database-engine.js';
import { becomeSourceSql, dataDirOf, followServerSql, schemaSql } from './databases.js';

/** A statement that has not ended by then (s) is given up: the server hangs. */
const PATIENCE_SECONDS = 90;
const CONNECT_SECONDS = 3;
/** Longer than a source waits for a replica that is away before it commits alone. */
const COMMIT_SECONDS = 5;
/** Commits that are under way hold up the refusal of others; a source that is stuck with one would hold it up for ever. */
const REFUSE_SECONDS = 10;
/** To write down whom it follows, and to carry out what it is at; one whose disk is full waits for room. */
const FOLLOW_SECONDS = 20;
/** A source passes on at once what it has written. */
const QUIET_MS = 1_000;

export type ReplicationState = 'following' | 'waiting' | 'diverged';

/** A database server as its operator sees it: entered as root, by its socket. */
export class ReplicatedServer {
  constructor(
    readonly server: DatabaseServer,
    private readonly engine: DatabaseEngine,
    private readonly stateDir: string,
  ) {}

  get name(): string {
    return this.server.name;
  }

  get dataDir(): string {
    return dataDirOf(this.engine, this.stateDir, this.server);
  }

  /** Does it answer, within seconds? */
  async answers(): Promise<boolean> {
    return this.ask('SELECT 1').then(
      () => true,
      () => false,
    );
  }

  /** Can it commit, within seconds? One whose disk is full answers and reads, but what it writes waits for room. */
  async commits(): Promise<boolean> {
    const { schemas } = this.server;
    // They are there: nothing changes, but the binary log takes it down, and a commit gets stuck nowhere else.
    return this.#ask(schemas.map(schemaSql).join(' '), COMMIT_SECONDS).then(
      () => true,
      () => false,
    );
  }

  /** What it is and which version, such as `10.11.6-MariaDB` or `8.4.8`. */
  async version(): Promise<string> {
    return (await this.ask('SELECT VERSION()')).trim();
  }

  async takesWrites(): Promise<boolean> {
    return (await this.ask('SELECT @@global.read_only')).trim() === '0';
  }

  /** When this resolves, everything that was acknowledged is in `position`, and our services have to connect anew. */
  async refuseWrites(): Promise<void> {
    await this.ask(`SET SESSION lock_wait_timeout = ${REFUSE_SECONDS}; SET GLOBAL read_only = 1`);
    const sessions = (await this.ask('SHOW PROCESSLIST')).split('\n').map((line) => line.split('\t'));
    const ours = sessions.filter(([, user]) => user === DATABASE_USER).map(([id]) => `KILL ${id};`);
    // Some may have gone by themselves meanwhile.
    if (ours.length > 0) await this.ask(ours.join(' '), '--force').catch(() => undefined);
  }

  /**
   * The last transaction that it has, as its binary log names it.
   * @throws DeployError when it does not say within seconds, as one that is stuck with a commit
   */
  async position(): Promise<string> {
    return (await this.#ask(this.engine.positionSql, COMMIT_SECONDS)).trim();
  }

  /** False if it has not caught up with `position` of its source in time. */
  async catchesUp(position: string, seconds: number): Promise<boolean> {
    if (position === '') return true;
    return (await this.ask(this.engine.reachSql(position, seconds))).trim() === '0';
  }

  /** Whether nothing more comes from its source within `seconds`. */
  async receivesNoMore(seconds: number): Promise<boolean> {
    let last = await this.#received();
    return becomesTrue(async () => {
      await delay(QUIET_MS);
      const before = last;
      last = await this.#received();
      return last === before;
    }, seconds * 1000);
  }

  /** Whether it receives from its source, or tries to: nobody has stopped it, and it knows whom to ask. */
  async wantsMore(): Promise<boolean> {
    return ![undefined, 'No'].includes(this.engine.receives(await this.#status()));
  }

  /** Takes over what a source has sent that is gone, and carries it out. */
  async finishReceived(seconds: number): Promise<void> {
    const hasAll = async () => this.engine.receives(await this.#status()) !== 'Yes';
    if (!(await becomesTrue(hasAll, seconds * 1000)) || !(await this.catchesUp(await this.#received(), seconds))) {
      throw new DeployError(`${this.name} has not carried out all that it has received after ${seconds} s: try again`);
    }
  }

  async becomeSource(): Promise<void> {
    await this.ask(becomeSourceSql(this.engine).join(' '));
  }

  async acceptWrites(): Promise<void> {
    await this.ask('SET GLOBAL read_only = 0');
  }

  /**
   * Goes on from the last transaction that it has carried out, whatever it was told before: settings that a full disk has
   * cut short cannot be changed, only forgotten. The source has to be there, and sends again what was only received.
   */
  async follow(source: DatabaseServer, secrets: StackSecrets): Promise<void> {
    const { stopSql, forgetSourceSql, startSql } = this.engine;
    const sql = [stopSql, forgetSourceSql, followServerSql(this.engine, source, secrets), startSql];
    await this.#ask(sql.join(' '), FOLLOW_SECONDS);
  }

  async startReplication(): Promise<void> {
    await this.ask(this.engine.startSql);
  }

  async stopReplication(): Promise<void> {
    await this.ask(this.engine.stopSql);
  }

  /** Takes nothing more from its source, but carries out what it has. */
  async stopReceiving(): Promise<void> {
    await this.ask(this.engine.stopReceivingSql);
  }

  /** Whether it gets on with its source; `waiting` while that does not answer. */
  async replication(source: ReplicatedServer, timeoutMs: number): Promise<ReplicationState> {
    let state: ReplicationState = 'waiting';
    await becomesTrue(async () => {
      const status = await this.#status();
      const asks = (await source.answers()) ? (sql: string) => source.ask(sql) : undefined;
      if (await this.engine.hasDiverged(status, (sql) => this.ask(sql), asks)) state = 'diverged';
      else if (this.engine.isFollowing(status)) state = 'following';
      return state !== 'waiting';
    }, timeoutMs);
    return state;
  }

  /** Replaces what it holds by a copy of what `source` holds now, and follows it from there. */
  async copyFrom(source: ReplicatedServer, secrets: StackSecrets): Promise<void> {
    const { engine } = this;
    await this.ask(`${engine.stopSql} ${engine.forgetTransactionsSql}`);
    const copied = ['--single-transaction', '--add-drop-database', '--databases', ...source.server.schemas];
    const dump = `cd "$1" && ${[...engine.dump, ...copied].join(' ')}`;
    const load = `cd "$2" && ${engine.client.join(' ')} --init-command="SET SESSION sql_log_bin = 0"`;
    await run(['bash', '-o', 'pipefail', '-c', `(${dump}) | (${load})`, 'copy', source.dataDir, this.dataDir], {
      what: `copying ${source.name} to ${this.name}`,
    });
    await this.follow(source.server, secrets);
  }

  /** As the server itself does for its schemas at each start. */
  async createSchema(schema: string): Promise<void> {
    await this.ask(`SET SESSION sql_log_bin = 0; ${schemaSql(schema)}`);
  }

  async #received(): Promise<string> {
    return this.engine.received(await this.#status());
  }

  async #status(): Promise<ReplicaStatus> {
    const [names = [], values = []] = (await this.ask(this.engine.statusSql, '--column-names'))
      .split('\n')
      .map((line) => line.split('\t'));
    return new Map(names.map((name, index) => [name, values[index] ?? '']));
  }

  /** Carries out SQL with all rights and resolves with the rows, one in a line. @throws DeployError */
  async ask(sql: string, ...options: string[]): Promise<string> {
    return this.#ask(sql, PATIENCE_SECONDS, ...options);
  }

  async #ask(sql: string, seconds: number, ...options: string[]): Promise<string> {
    const client = [...this.engine.client, `--connect-timeout=${CONNECT_SECONDS}`, '--batch', '--skip-column-names'];
    return run(['timeout', String(seconds), ...client, ...options, '-e', sql], {
      cwd: this.dataDir,
      what: `SQL on ${this.name}`,
    });
  }
}
