import { access, cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { DATABASE_USER } from '../environment.js';
import type { DatabaseServer, Topology } from '../topology.js';
import { toolchainDir } from '../workspace.js';
import { loadDatabaseState, pairOf, type DatabasePair } from './database-state.js';
import type { Part } from './part.js';
import { run } from './run.js';
import type { StackSecrets } from './secrets.js';
import { converses } from './waiting.js';

/** How soon a source acknowledges: when it has written, or when its replica has received it as well. */
export const REPLICATIONS = ['semi-synchronous', 'asynchronous'] as const;
export type Replication = (typeof REPLICATIONS)[number];

/** In the data folder; root enters by it and by nothing else. */
export const SOCKET = 'mysqld.sock';

const REPLICATION_USER = 'parley_replica';
const template = join(toolchainDir, 'mariadb-template');

/** Small redo log and first table space: a stack is six servers on one machine. Must be the same at every start. */
const STORAGE = ['--innodb-log-file-size=16M', '--innodb-data-file-path=ibdata1:4M:autoextend'];

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Makes the system tables once; every server's data folder begins as a copy. Root enters by its socket only. */
export async function ensureDatabaseTemplate(progress: (line: string) => void): Promise<void> {
  if (await exists(template)) return;
  progress('making the database template');
  const user = userInfo().username;
  const unfinished = `${template}.new`;
  await rm(unfinished, { recursive: true, force: true });
  const options = [
    `--user=${user}`,
    `--datadir=${unfinished}`,
    '--skip-test-db',
    '--auth-root-authentication-method=socket',
  ];
  await run(['mariadb-install-db', '--no-defaults', ...options, `--auth-root-socket-user=${user}`, ...STORAGE], {
    what: 'mariadb-install-db',
  });
  await rename(unfinished, template);
}

export const schemaSql = (schema: string): string =>
  `CREATE DATABASE IF NOT EXISTS \`${schema}\` CHARACTER SET utf8mb4;`;

/**
 * SQL that a server runs at every start before it takes connections: accounts, schemas, and its role. Of two servers
 * each starts read-only, and only the one that is the source now may be written to.
 */
export function initSql(server: DatabaseServer, pair: DatabasePair | undefined, secrets: StackSecrets): string {
  const account = (user: string, password: string) => [
    `CREATE USER IF NOT EXISTS '${user}'@'%' IDENTIFIED BY '${password}';`,
    `ALTER USER '${user}'@'%' IDENTIFIED BY '${password}';`,
  ];
  const common = [
    // Each server does this for itself; in the binary log it would reach the replicas a second time.
    'SET SESSION sql_log_bin = 0;',
    ...server.schemas.map(schemaSql),
    ...account(DATABASE_USER, secrets.databasePassword),
    `GRANT ALL PRIVILEGES ON \`parley\\_%\`.* TO '${DATABASE_USER}'@'%';`,
    ...account(REPLICATION_USER, secrets.replicationPassword),
    `GRANT REPLICATION SLAVE ON *.* TO '${REPLICATION_USER}'@'%';`,
  ];
  return `${[...common, ...roleSql(server, pair, secrets)].join('\n')}\n`;
}

function roleSql(server: DatabaseServer, pair: DatabasePair | undefined, secrets: StackSecrets): readonly string[] {
  if (pair === undefined) return [];
  return server === pair.source ? BECOME_SOURCE : [followSql(pair.source, secrets), 'START SLAVE;'];
}

/** One that was the source before goes on from the last transaction that it wrote itself. */
export const followSql = (source: DatabaseServer, { replicationPassword }: StackSecrets): string =>
  `CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=${source.port}, MASTER_USER='${REPLICATION_USER}', MASTER_PASSWORD='${replicationPassword}', MASTER_USE_GTID=slave_pos, MASTER_DEMOTE_TO_SLAVE=1, MASTER_CONNECT_RETRY=1;`;

export const BECOME_SOURCE = ['STOP SLAVE;', 'RESET SLAVE ALL;', 'SET GLOBAL read_only = 0;'] as const;

/** Both servers of a pair have this, as each may be the source. A server alone has no use for a binary log: it would only write twice. */
const PAIRED = [
  '--log-bin=bin',
  '--binlog-format=ROW',
  '--gtid-strict-mode=1',
  '--sync-binlog=1',
  '--expire-logs-days=3',
  '--relay-log=relay',
  '--log-slave-updates',
  '--read-only=1',
  '--skip-slave-start',
];

/**
 * A transaction is acknowledged when the replica has received it, too. Without a replica, or when it takes longer than
 * the timeout (ms), the source goes on alone.
 */
const SEMI_SYNCHRONOUS = [
  '--rpl-semi-sync-master-enabled=1',
  '--rpl-semi-sync-slave-enabled=1',
  '--rpl-semi-sync-master-wait-point=AFTER_SYNC',
  '--rpl-semi-sync-master-wait-no-slave=0',
  '--rpl-semi-sync-master-timeout=2000',
];

function serverCommand(server: DatabaseServer, dataDir: string, initFile: string, replication: string[]): string[] {
  return [
    'mariadbd',
    '--no-defaults',
    `--user=${userInfo().username}`,
    `--datadir=${dataDir}`,
    `--port=${server.port}`,
    '--bind-address=127.0.0.1',
    // Relative to the data folder: an absolute path may exceed the kernel's 108 characters.
    `--socket=${SOCKET}`,
    `--init-file=${initFile}`,
    `--server-id=${server.port}`,
    '--skip-name-resolve',
    '--character-set-server=utf8mb4',
    '--innodb-flush-log-at-trx-commit=1',
    '--innodb-buffer-pool-size=64M',
    '--key-buffer-size=1M',
    '--aria-pagecache-buffer-size=1M',
    '--max-connections=400',
    ...STORAGE,
    ...replication,
  ];
}

/** A server greets with protocol version 10 in its fifth byte, and only when it is ready to serve. */
const greets = (received: Buffer): boolean => received[4] === 10;

export const dataDirOf = (stateDir: string, { name }: DatabaseServer): string => join(stateDir, 'mariadb', name);

export const databaseParts = (
  topology: Topology,
  stateDir: string,
  secrets: StackSecrets,
  replication: Replication = 'semi-synchronous',
): Part[] =>
  topology.databases.map((server) => {
    const dataDir = dataDirOf(stateDir, server);
    const initFile = `${dataDir}.sql`;
    return {
      name: server.name,
      stage: 'server',
      ports: [server.port],
      startTimeoutMs: 60_000,
      prepare: async () => {
        await mkdir(dirname(dataDir), { recursive: true });
        if (!(await exists(dataDir))) {
          // Copied beside and renamed, so that an interrupted copy is never taken for a database.
          await rm(`${dataDir}.new`, { recursive: true, force: true });
          await cp(template, `${dataDir}.new`, { recursive: true, preserveTimestamps: true });
          await rename(`${dataDir}.new`, dataDir);
        }
        // Looked up at each start: the roles may have changed since this part was described.
        const pair = pairOf(topology, server, await loadDatabaseState(stateDir));
        await writeFile(initFile, initSql(server, pair, secrets), { mode: 0o600 });
        const options = [
          ...(pair === undefined ? [] : PAIRED),
          ...(pair !== undefined && replication === 'semi-synchronous' ? SEMI_SYNCHRONOUS : []),
        ];
        return { name: server.name, command: serverCommand(server, dataDir, initFile, options) };
      },
      ready: () => converses(server.port, '', greets),
    };
  });
