import { existsSync } from 'node:fs';
import { cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { DATABASE_USER, REPLICATION_USER } from '../../environment.js';
import type { DatabaseServer, Topology } from '../../topology.js';
import { toolchainDir } from '../../workspace.js';
import type { Part } from '../part.js';
import type { StackSecrets } from '../secrets.js';
import { converses } from '../waiting.js';
import { type DatabaseEngine, type Replication, SOCKET } from './database-engine.js';
import { loadDatabaseState, pairOf, type DatabasePair } from './database-state.js';

const templateOf = ({ name }: DatabaseEngine): string => join(toolchainDir, `${name}-template`);

/** Makes the system tables once; every server's data folder begins as a copy. */
export async function ensureDatabaseTemplate(engine: DatabaseEngine, progress: (line: string) => void): Promise<void> {
  const template = templateOf(engine);
  if (existsSync(template)) return;
  progress('making the database template');
  const unfinished = `${template}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await engine.initialize(unfinished, userInfo().username);
  await rename(unfinished, template);
}

export const schemaSql = (schema: string): string =>
  `CREATE DATABASE IF NOT EXISTS \`${schema}\` CHARACTER SET utf8mb4;`;

/** The accounts and schemas that our services and a replica use. */
export function accountsSql({ schemas }: DatabaseServer, secrets: StackSecrets): readonly string[] {
  const account = (user: string, password: string) => [
    `CREATE USER IF NOT EXISTS '${user}'@'%' IDENTIFIED BY '${password}';`,
    `ALTER USER '${user}'@'%' IDENTIFIED BY '${password}';`,
  ];
  return [
    ...schemas.map(schemaSql),
    ...account(DATABASE_USER, secrets.databasePassword),
    `GRANT ALL PRIVILEGES ON \`parley\\_%\`.* TO '${DATABASE_USER}'@'%';`,
    ...account(REPLICATION_USER, secrets.replicationPassword),
    `GRANT REPLICATION SLAVE ON *.* TO '${REPLICATION_USER}'@'%';`,
  ];
}

/**
 * SQL that a server runs at every start before it takes connections: accounts, schemas, and its role. Of two servers
 * each starts read-only, and only the one that is the source now may be written to.
 */
export function initSql(
  engine: DatabaseEngine,
  server: DatabaseServer,
  pair: DatabasePair | undefined,
  secrets: StackSecrets,
): string {
  const lines = [
    // Each server does this for itself; in the binary log it would reach the replicas a second time.
    'SET SESSION sql_log_bin = 0;',
    ...engine.rootSql(userInfo().username),
    ...accountsSql(server, secrets),
    ...roleSql(engine, server, pair, secrets),
  ];
  return `${lines.join('\n')}\n`;
}

function roleSql(
  engine: DatabaseEngine,
  server: DatabaseServer,
  pair: DatabasePair | undefined,
  secrets: StackSecrets,
): readonly string[] {
  if (pair === undefined) return [];
  return server === pair.source
    ? becomeSourceSql(engine)
    : [followServerSql(engine, pair.source, secrets), engine.startSql];
}

export const becomeSourceSql = ({ stopSql, forgetSourceSql }: DatabaseEngine): readonly string[] => [
  stopSql,
  forgetSourceSql,
  'SET GLOBAL read_only = 0;',
];

export const followServerSql = (
  engine: DatabaseEngine,
  { port }: DatabaseServer,
  { replicationPassword }: StackSecrets,
): string => engine.followSql({ host: '127.0.0.1', port }, replicationPassword);

/** Both servers of a pair have this, as each may be the source. A server alone has no use for a binary log: it would only write twice. */
const PAIRED = ['--log-bin=bin', '--sync-binlog=1', '--relay-log=relay', '--read-only=1'];

/** How a server is configured: by itself, or for one of a pair. */
export const optionsOf = (engine: DatabaseEngine, isPaired: boolean, replication: Replication): readonly string[] =>
  isPaired
    ? [...engine.paired, ...PAIRED, ...(replication === 'semi-synchronous' ? engine.semiSynchronous : [])]
    : engine.alone;

function serverCommand(
  engine: DatabaseEngine,
  { port }: DatabaseServer,
  dataDir: string,
  initFile: string,
): [string, ...string[]] {
  return [
    ...engine.server,
    `--user=${userInfo().username}`,
    `--datadir=${dataDir}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    // Relative to the data folder: an absolute path may exceed the kernel's 108 characters.
    `--socket=${SOCKET}`,
    `--init-file=${initFile}`,
    `--server-id=${port}`,
    '--skip-name-resolve',
    '--character-set-server=utf8mb4',
    '--innodb-flush-log-at-trx-commit=1',
    '--innodb-buffer-pool-size=64M',
    '--key-buffer-size=1M',
    '--max-connections=400',
  ];
}

/** A server greets with protocol version 10 in its fifth byte, and only when it is ready to serve. */
const greets = (received: Buffer): boolean => received[4] === 10;

export const dataDirOf = (engine: DatabaseEngine, stateDir: string, { name }: Pick<DatabaseServer, 'name'>): string =>
  join(stateDir, engine.name, name);

export const databaseParts = (
  engine: DatabaseEngine,
  topology: Topology,
  stateDir: string,
  secrets: StackSecrets,
  replication: Replication = 'semi-synchronous',
): Part[] =>
  topology.databases.map((server) => {
    const dataDir = dataDirOf(engine, stateDir, server);
    const initFile = `${dataDir}.sql`;
    return {
      name: server.name,
      stage: 'server',
      ports: [server.port],
      startTimeoutMs: 60_000,
      prepare: async () => {
        await mkdir(dirname(dataDir), { recursive: true });
        if (!existsSync(dataDir)) {
          // Copied beside and renamed, so that an interrupted copy is never taken for a database.
          await rm(`${dataDir}.new`, { recursive: true, force: true });
          await cp(templateOf(engine), `${dataDir}.new`, { recursive: true, preserveTimestamps: true });
          await rename(`${dataDir}.new`, dataDir);
        }
        // Looked up at each start: the roles may have changed since this part was described.
        const pair = pairOf(topology, server, await loadDatabaseState(stateDir));
        await writeFile(initFile, initSql(engine, server, pair, secrets), { mode: 0o600 });
        const options = optionsOf(engine, pair !== undefined, replication);
        return {
          name: server.name,
          command: [...serverCommand(engine, server, dataDir, initFile), ...options],
        };
      },
      ready: () => converses(server.port, '', greets),
    };
  });
