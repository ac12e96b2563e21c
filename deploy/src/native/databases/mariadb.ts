import { REPLICATION_USER } from '../../environment.js';
import { run } from '../run.js';
import { SOCKET, type DatabaseEngine } from './database-engine.js';

/** Small redo log and first table space: a stack is six servers on one machine. Must be the same at every start. */
const STORAGE = ['--innodb-log-file-size=16M', '--innodb-data-file-path=ibdata1:4M:autoextend'];

/** What a source answers a replica that has transactions which the source does not have. */
const DIVERGED = 1236;

export const MARIADB: DatabaseEngine = {
  name: 'mariadb',
  packages: [
    // The core package has the server program without a system service.
    { program: 'mariadbd', package: 'mariadb-server-core' },
    // mariadb-install-db asks it, and the server's package does not bring it along.
    { program: 'my_print_defaults', package: 'mariadb-client-core' },
  ],
  dumpPackages: [{ program: 'mariadb-dump', package: 'mariadb-client' }],
  ensurePrograms: async () => undefined,

  async initialize(dataDir, user) {
    const access = ['--auth-root-authentication-method=socket', `--auth-root-socket-user=${user}`];
    const options = [`--user=${user}`, `--datadir=${dataDir}`, '--skip-test-db', ...access, ...STORAGE];
    await run(['mariadb-install-db', '--no-defaults', ...options], { what: 'mariadb-install-db' });
  },

  server: ['mariadbd', '--no-defaults', '--aria-pagecache-buffer-size=1M', ...STORAGE],
  alone: [],
  paired: [
    '--binlog-format=ROW',
    '--gtid-strict-mode=1',
    '--expire-logs-days=3',
    '--log-slave-updates',
    '--skip-slave-start',
  ],
  semiSynchronous: [
    '--rpl-semi-sync-master-enabled=1',
    '--rpl-semi-sync-slave-enabled=1',
    '--rpl-semi-sync-master-wait-point=AFTER_SYNC',
    '--rpl-semi-sync-master-wait-no-slave=0',
    '--rpl-semi-sync-master-timeout=2000',
  ],
  client: ['mariadb', '--no-defaults', `--socket=${SOCKET}`],
  dump: ['mariadb-dump', '--no-defaults', `--socket=${SOCKET}`, '--gtid', '--master-data=1'],

  rootSql: () => [],
  followSql: ({ host, port }, password) =>
    `CHANGE MASTER TO MASTER_HOST='${host}', MASTER_PORT=${port}, MASTER_USER='${REPLICATION_USER}', MASTER_PASSWORD='${password}', MASTER_USE_GTID=slave_pos, MASTER_DEMOTE_TO_SLAVE=1, MASTER_CONNECT_RETRY=1;`,
  startSql: 'START SLAVE;',
  stopSql: 'STOP SLAVE;',
  stopReceivingSql: 'STOP SLAVE IO_THREAD;',
  forgetSourceSql: 'RESET SLAVE ALL;',
  forgetTransactionsSql: "RESET MASTER; SET GLOBAL gtid_slave_pos = '';",
  statusSql: 'SHOW SLAVE STATUS',
  positionSql: 'SELECT @@global.gtid_binlog_pos',
  reachSql: (position, seconds) => `SELECT MASTER_GTID_WAIT('${position}', ${seconds})`,

  received: (status) => status.get('Gtid_IO_Pos') ?? '',
  isFollowing: (status) => status.get('Slave_IO_Running') === 'Yes' && status.get('Slave_SQL_Running') === 'Yes',
  receives: (status) => status.get('Slave_IO_Running'),
  hasDiverged: async (status) => Number(status.get('Last_IO_Errno')) === DIVERGED,
};
