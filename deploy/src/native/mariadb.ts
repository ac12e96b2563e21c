import { access, cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { DATABASE_USER } from '../environment.js';
import type { DatabaseServer, Topology } from '../topology.js';
import { toolchainDir } from '../workspace.js';
import type { Part } from './part.js';
import { run } from './run.js';
import type { StackSecrets } from './secrets.js';
import { converses } from './waiting.js';

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

/** SQL that a server runs at every start before it takes connections: accounts, schemas, and whom a replica follows. */
export function initSql(server: DatabaseServer, source: DatabaseServer | undefined, secrets: StackSecrets): string {
  const account = (user: string, password: string) => [
    `CREATE USER IF NOT EXISTS '${user}'@'%' IDENTIFIED BY '${password}';`,
    `ALTER USER '${user}'@'%' IDENTIFIED BY '${password}';`,
  ];
  const common = [
    // Each server does this for itself; in the binary log it would reach the replicas a second time.
    'SET SESSION sql_log_bin = 0;',
    ...server.schemas.map((schema) => `CREATE DATABASE IF NOT EXISTS \`${schema}\` CHARACTER SET utf8mb4;`),
    ...account(DATABASE_USER, secrets.databasePassword),
    `GRANT ALL PRIVILEGES ON \`parley\\_%\`.* TO '${DATABASE_USER}'@'%';`,
  ];
  const replication = source
    ? [
        `CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=${source.port}, MASTER_USER='${REPLICATION_USER}', MASTER_PASSWORD='${secrets.replicationPassword}', MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1;`,
        'START SLAVE;',
      ]
    : [
        ...account(REPLICATION_USER, secrets.replicationPassword),
        `GRANT REPLICATION SLAVE ON *.* TO '${REPLICATION_USER}'@'%';`,
      ];
  return `${[...common, ...replication].join('\n')}\n`;
}

function serverCommand(server: DatabaseServer, dataDir: string, initFile: string): string[] {
  const role = server.replicaOf
    ? ['--relay-log=relay', '--read-only=1', '--skip-slave-start']
    : ['--log-bin=bin', '--binlog-format=ROW', '--gtid-strict-mode=1', '--sync-binlog=1', '--expire-logs-days=3'];
  return [
    'mariadbd',
    '--no-defaults',
    `--user=${userInfo().username}`,
    `--datadir=${dataDir}`,
    `--port=${server.port}`,
    '--bind-address=127.0.0.1',
    // Relative to the data folder: an absolute path may exceed the kernel's 108 characters.
    '--socket=mysqld.sock',
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
    ...role,
  ];
}

/** A server greets with protocol version 10 in its fifth byte, and only when it is ready to serve. */
const greets = (received: Buffer): boolean => received[4] === 10;

export const databaseParts = (topology: Topology, stateDir: string, secrets: StackSecrets): Part[] =>
  topology.databases.map((server) => {
    const dir = join(stateDir, 'mariadb');
    const dataDir = join(dir, server.name);
    const initFile = join(dir, `${server.name}.sql`);
    const source = topology.databases.find((candidate) => candidate.name === server.replicaOf);
    return {
      name: server.name,
      stage: 'server',
      ports: [server.port],
      startTimeoutMs: 60_000,
      prepare: async () => {
        await mkdir(dir, { recursive: true });
        if (!(await exists(dataDir))) {
          // Copied beside and renamed, so that an interrupted copy is never taken for a database.
          await rm(`${dataDir}.new`, { recursive: true, force: true });
          await cp(template, `${dataDir}.new`, { recursive: true, preserveTimestamps: true });
          await rename(`${dataDir}.new`, dataDir);
        }
        await writeFile(initFile, initSql(server, source, secrets), { mode: 0o600 });
        return { name: server.name, command: serverCommand(server, dataDir, initFile) };
      },
      ready: () => converses(server.port, '', greets),
    };
  });
