import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { REPLICATION_USER } from '../../environment.js';
import { run } from '../run.js';
import { SOCKET, type DatabaseEngine } from './database-engine.js';
import { ensureMysqlPrograms, mysqlProgram } from './mysql-programs.js';

/** Both servers of a pair number their transactions, as each may be the source. */
export const LOGGED = ['--log-bin=bin', '--sync-binlog=1', '--gtid-mode=ON', '--enforce-gtid-consistency=ON'];

/**
 * A transaction is acknowledged when the replica has received it, too; without one, or after the timeout (ms), the source
 * goes on alone. `loose`: the plugins that know these options are not there yet while a data folder is set up.
 */
export const SEMI_SYNCHRONOUS = [
  '--plugin-load-add=semisync_source.so',
  '--plugin-load-add=semisync_replica.so',
  '--loose-rpl-semi-sync-source-enabled=ON',
  '--loose-rpl-semi-sync-replica-enabled=ON',
  '--loose-rpl-semi-sync-source-wait-no-replica=OFF',
  '--loose-rpl-semi-sync-source-timeout=2000',
];

/** Small logs: a stack is six servers on one machine. */
const STORAGE = ['--innodb-redo-log-capacity=32M', '--secure-file-priv=NULL'];

const POSITION = 'SELECT @@global.gtid_executed';

/** A set of transactions in one line; the client writes its line breaks as two characters. */
const inOneLine = (transactions: string): string => transactions.replaceAll(/\s|\\n/g, '');

export const MYSQL: DatabaseEngine = {
  name: 'mysql',
  packages: [],
  dumpPackages: [],
  ensurePrograms: ensureMysqlPrograms,

  async initialize(dataDir, user) {
    const options = [`--user=${user}`, `--datadir=${dataDir}`, '--skip-log-bin', ...STORAGE];
    await run([mysqlProgram('mysqld'), '--no-defaults', '--initialize-insecure', ...options], {
      what: 'mysqld --initialize-insecure',
    });
    // The number of the server: each makes one of its own where there is none.
    await rm(join(dataDir, 'auto.cnf'));
  },

  server: [
    mysqlProgram('mysqld'),
    '--no-defaults',
    '--mysqlx=OFF',
    '--performance-schema=OFF',
    '--plugin-load-add=auth_socket.so',
    ...STORAGE,
  ],
  alone: ['--skip-log-bin'],
  paired: [...LOGGED, '--binlog-expire-logs-seconds=259200', '--relay-log-recovery=ON', '--skip-replica-start'],
  semiSynchronous: SEMI_SYNCHRONOUS,
  client: [mysqlProgram('mysql'), '--no-defaults', '--user=root', `--socket=${SOCKET}`],
  dump: [mysqlProgram('mysqldump'), '--no-defaults', '--user=root', `--socket=${SOCKET}`, '--set-gtid-purged=ON'],

  rootSql: (user) => [`ALTER USER 'root'@'localhost' IDENTIFIED WITH auth_socket AS '${user}';`],
  /** A replica never gives up asking for its source, where by default it does after ten times. */
  followSql: ({ host, port }, password) =>
    `CHANGE REPLICATION SOURCE TO SOURCE_HOST='${host}', SOURCE_PORT=${port}, SOURCE_USER='${REPLICATION_USER}', SOURCE_PASSWORD='${password}', SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1, SOURCE_CONNECT_RETRY=1, SOURCE_RETRY_COUNT=0;`,
  startSql: 'START REPLICA;',
  stopSql: 'STOP REPLICA;',
  stopReceivingSql: 'STOP REPLICA IO_THREAD;',
  forgetSourceSql: 'RESET REPLICA ALL;',
  forgetTransactionsSql: 'RESET BINARY LOGS AND GTIDS;',
  statusSql: 'SHOW REPLICA STATUS',
  positionSql: POSITION,
  reachSql: (position, seconds) => `SELECT WAIT_FOR_EXECUTED_GTID_SET('${inOneLine(position)}', ${seconds})`,

  received: (status) => inOneLine(status.get('Retrieved_Gtid_Set') ?? ''),
  isFollowing: (status) => status.get('Replica_IO_Running') === 'Yes' && status.get('Replica_SQL_Running') === 'Yes',
  receives: (status) => status.get('Replica_IO_Running'),
  /** A source does not notice when a replica has more than itself: the sets are compared. */
  async hasDiverged(_status, replica, source) {
    if (source === undefined) return false;
    // In this order, since what a healthy replica has its source has had before.
    const own = inOneLine(await replica(POSITION));
    const theirs = inOneLine(await source(POSITION));
    return inOneLine(await replica(`SELECT GTID_SUBTRACT('${own}', '${theirs}')`)) !== '';
  },
};
