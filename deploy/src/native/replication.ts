import { DeployError } from '../errors.js';
import type { DatabaseServer } from '../topology.js';
import { DATABASE_USER } from '../environment.js';
import { BECOME_SOURCE, dataDirOf, followSql, schemaSql, SOCKET } from './mariadb.js';
import { run } from './run.js';
import type { StackSecrets } from './secrets.js';
import { becomesTrue } from './waiting.js';

/** A statement that has not ended by then (s) is given up: the server hangs. */
const PATIENCE_SECONDS = 90;
const CONNECT_SECONDS = 3;

/** What a source answers a replica that has transactions which the source does not have. */
const DIVERGED = 1236;

export type ReplicationState = 'following' | 'waiting' | 'diverged';

/** A database server as its operator sees it: entered as root, by its socket. */
export class ReplicatedServer {
  constructor(
    readonly server: DatabaseServer,
    private readonly stateDir: string,
  ) {}

  get name(): string {
    return this.server.name;
  }

  get dataDir(): string {
    return dataDirOf(this.stateDir, this.server);
  }

  /** Does it answer, within seconds? */
  async answers(): Promise<boolean> {
    return this.#ask('SELECT 1').then(
      () => true,
      () => false,
    );
  }

  async takesWrites(): Promise<boolean> {
    return (await this.#ask('SELECT @@global.read_only')).trim() === '0';
  }

  /** When this resolves, everything that was acknowledged is in `position`, and our services have to connect anew. */
  async refuseWrites(): Promise<void> {
    await this.#ask(`SET GLOBAL read_only = 1; KILL CONNECTION USER '${DATABASE_USER}'`);
  }

  /** The last transaction that it has, as its binary log names it. */
  async position(): Promise<string> {
    return (await this.#ask('SELECT @@global.gtid_binlog_pos')).trim();
  }

  /** False if it has not caught up with `position` of its source in time. */
  async catchesUp(position: string, seconds: number): Promise<boolean> {
    if (position === '') return true;
    return (await this.#ask(`SELECT MASTER_GTID_WAIT('${position}', ${seconds})`)).trim() === '0';
  }

  /** Carries out what it has received of a source that is gone. */
  async finishReceived(seconds: number): Promise<void> {
    await this.#ask('STOP SLAVE IO_THREAD');
    const received = (await this.#slaveStatus()).get('Gtid_IO_Pos') ?? '';
    if (!(await this.catchesUp(received, seconds))) {
      throw new DeployError(`${this.name} has not carried out all that it has received after ${seconds} s: try again`);
    }
  }

  async becomeSource(): Promise<void> {
    await this.#ask(BECOME_SOURCE.join(' '));
  }

  async acceptWrites(): Promise<void> {
    await this.#ask('SET GLOBAL read_only = 0');
  }

  async follow(source: DatabaseServer, secrets: StackSecrets): Promise<void> {
    await this.#ask(`STOP SLAVE; ${followSql(source, secrets)} START SLAVE`);
  }

  /** Whether it gets on with its source; `waiting` while that does not answer. */
  async replication(timeoutMs: number): Promise<ReplicationState> {
    let state: ReplicationState = 'waiting';
    await becomesTrue(async () => {
      const status = await this.#slaveStatus();
      if (Number(status.get('Last_IO_Errno')) === DIVERGED) state = 'diverged';
      else if (status.get('Slave_IO_Running') === 'Yes' && status.get('Slave_SQL_Running') === 'Yes')
        state = 'following';
      return state !== 'waiting';
    }, timeoutMs);
    return state;
  }

  /** Replaces what it holds by a copy of what `source` holds now, and follows it from there. */
  async copyFrom(source: ReplicatedServer, secrets: StackSecrets): Promise<void> {
    await this.#ask("STOP SLAVE; RESET MASTER; SET GLOBAL gtid_slave_pos = ''");
    const schemas = source.server.schemas.join(' ');
    const dump = `cd "$1" && mariadb-dump --no-defaults --socket=${SOCKET} --single-transaction --gtid --master-data=1 --add-drop-database --databases ${schemas}`;
    const load = `cd "$2" && mariadb --no-defaults --socket=${SOCKET} --init-command="SET SESSION sql_log_bin = 0"`;
    await run(['bash', '-o', 'pipefail', '-c', `(${dump}) | (${load})`, 'copy', source.dataDir, this.dataDir], {
      what: `copying ${source.name} to ${this.name}`,
    });
    await this.follow(source.server, secrets);
  }

  /** As the server itself does for its schemas at each start. */
  async createSchema(schema: string): Promise<void> {
    await this.#ask(`SET SESSION sql_log_bin = 0; ${schemaSql(schema)}`);
  }

  async #slaveStatus(): Promise<Map<string, string>> {
    const lines = (await this.#ask('SHOW SLAVE STATUS\\G', '--column-names')).split('\n');
    return new Map(
      lines.flatMap((line): [string, string][] => {
        const [, name, value] = /^\s*(\w+): (.*)$/.exec(line) ?? [];
        return name === undefined || value === undefined ? [] : [[name, value]];
      }),
    );
  }

  async #ask(sql: string, ...options: string[]): Promise<string> {
    const access = ['--no-defaults', `--socket=${SOCKET}`, `--connect-timeout=${CONNECT_SECONDS}`];
    const client = ['mariadb', ...access, '--batch', '--skip-column-names', ...options, '-e', sql];
    return run(['timeout', String(PATIENCE_SECONDS), ...client], { cwd: this.dataDir, what: `SQL on ${this.name}` });
  }
}
