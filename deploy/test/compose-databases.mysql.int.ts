import { jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { serverContainers } from '../src/compose/server-containers.js';
import { setupContainers } from '../src/compose/setup-containers.js';
import { scopeOf } from '../src/compose/scope.js';
import { interpolated } from '../src/containers/test-containers.js';
import { DATABASE_USER, REPLICATION_USER, sharedEnvironment } from '../src/environment.js';
import { MYSQL } from '../src/native/databases/mysql.js';
import { mysqlProgram } from '../src/native/databases/mysql-programs.js';
import { ProcessTable } from '../src/native/process-table.js';
import { run } from '../src/native/run.js';
import { migrateDatabases, nativeNetwork } from '../src/native/services.js';
import { accepts, becomesTrue } from '../src/native/waiting.js';
import { createTopology, type DatabaseServer } from '../src/topology.js';
import { stateRoot } from '../src/workspace.js';
import { eventually } from './eventually.js';

jest.setTimeout(120_000);

const topology = createTopology({ profile: 'full', portOffset: 12_000 });
const scope = { ...scopeOf(topology), nameOf: (part: string) => part };
/** As operators are told to make it. */
const secret = (): string => randomBytes(16).toString('hex');
const variables = {
  PARLEY_DATABASE_PASSWORD: secret(),
  PARLEY_DATABASE_ROOT_PASSWORD: secret(),
  PARLEY_REPLICATION_PASSWORD: secret(),
  PARLEY_REDIS_PASSWORD: secret(),
};
const read = (text: unknown): string => interpolated(String(text), variables);

let stateDir: string;
let table: ProcessTable;

/** The rights that the image gives to root. */
const rootSql = ['localhost', '%'].flatMap((host) => [
  `CREATE USER IF NOT EXISTS root@'${host}';`,
  `ALTER USER root@'${host}' IDENTIFIED BY '${variables.PARLEY_DATABASE_ROOT_PASSWORD}';`,
  `GRANT ALL ON *.* TO root@'${host}' WITH GRANT OPTION;`,
]);

/** A server with the options of its container. */
async function startServer({ name, port }: DatabaseServer): Promise<void> {
  const dataDir = join(stateDir, name);
  const initFile = `${dataDir}.sql`;
  await writeFile(initFile, ['SET SESSION sql_log_bin = 0;', ...rootSql].join('\n'));
  const container = serverContainers(scope)[name];
  const place = [`--datadir=${dataDir}`, '--socket=mysqld.sock', '--secure-file-priv=NULL', `--init-file=${initFile}`];
  const here = [...place, '--bind-address=127.0.0.1', `--user=${userInfo().username}`];
  // Without any option file a server does not read what was persisted either.
  const command = [
    mysqlProgram('mysqld'),
    `--defaults-file=${join(stateDir, 'none.cnf')}`,
    ...(container?.command ?? []).map(read),
    ...here,
  ];
  await table.start({ name, command });
  if (!(await becomesTrue(() => accepts(port), 60_000))) throw new Error(await table.tail(name));
}

/** Runs the script of the container that sets the databases up; the host names of containers mean nothing here. */
async function setUp(): Promise<void> {
  const { command = [], environment = {} } = setupContainers(scope)['setup-databases'] ?? {};
  const script = read(command[0])
    .replaceAll(/-h \S+ -P/g, '-h 127.0.0.1 -P')
    .replaceAll(/SOURCE_HOST='[^']*'/g, "SOURCE_HOST='127.0.0.1'");
  const env = Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, read(value)]));
  const path = [dirname(mysqlProgram('mysql')), process.env['PATH']].join(delimiter);
  await run(['/bin/sh', '-ec', script], { what: 'setup-databases', env: { ...env, PATH: path } });
}

async function ask(user: string, password: string, port: number, sql: string): Promise<string> {
  const place = ['--no-defaults', '--batch', '-h127.0.0.1', `-P${port}`, `-u${user}`];
  const client: [string, ...string[]] = [mysqlProgram('mysql'), ...place, '-e', sql];
  return (await run(client, { what: sql, env: { MYSQL_PWD: password } })).trim();
}
const asService = (port: number, sql: string) => ask(DATABASE_USER, variables.PARLEY_DATABASE_PASSWORD, port, sql);
const asRoot = (port: number, sql: string) => ask('root', variables.PARLEY_DATABASE_ROOT_PASSWORD, port, sql);

const serverNamed = (name: string): DatabaseServer => {
  const found = topology.databases.find((server) => server.name === name);
  if (found === undefined) throw new Error(`no server ${name}`);
  return found;
};
const [sourceServer, replicaServer] = [serverNamed('database-shard-1'), serverNamed('database-shard-1-replica')];
const [source, replica] = [sourceServer.port, replicaServer.port];

const insertSql = (sequence: number) =>
  `INSERT INTO parley_messages_1.message (channel_id, message_sequence, user_id, once, content) VALUES (1, ${sequence}, 1, ${sequence}, 'é')`;
const isReadOnly = (port: number) => asRoot(port, 'SELECT @@global.read_only').then((text) => text.endsWith('1'));

beforeAll(async () => {
  stateDir = await mkdtemp(join(stateRoot, 'test', 'compose-'));
  table = new ProcessTable(stateDir);
  const empty = join(stateDir, 'empty');
  await writeFile(join(stateDir, 'none.cnf'), '');
  await MYSQL.initialize(empty, userInfo().username);
  await Promise.all(
    topology.databases.map(async (server) => {
      await cp(empty, join(stateDir, server.name), { recursive: true });
      await startServer(server);
    }),
  );
  await setUp();
});
afterAll(async () => {
  await Promise.all((await table.names()).map((name) => table.stop(name, 10_000)));
  await rm(stateDir, { recursive: true });
});

describe('the databases of docker-compose.yml on MySQL', () => {
  it('take the schema, and copy what services write to replicas that take no writes', async () => {
    const secrets = { databasePassword: variables.PARLEY_DATABASE_PASSWORD, redisPassword: '' };
    await migrateDatabases(sharedEnvironment(topology, nativeNetwork, secrets));
    await asService(source, insertSql(1));
    await eventually(async () => {
      expect(await asService(replica, 'SELECT HEX(content) FROM parley_messages_1.message')).toMatch(/^C3A9$/m);
    });
    await expect(asService(replica, insertSql(2))).rejects.toThrow('read-only');
  });

  it('acknowledge what the replica has received', async () => {
    const sources = topology.databases.filter(({ replicaOf }) => replicaOf === undefined);
    for (const { port } of sources) {
      await eventually(async () => {
        const status = await asRoot(port, "SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_source_%'");
        expect(status).toMatch(/_clients\t1$/m);
        expect(status).toMatch(/_status\tON$/m);
      });
    }
  });

  it('may be set up again, and their replicas never give up asking for their source', async () => {
    await setUp();
    await eventually(async () => {
      const [names = [], values = []] = (await asRoot(replica, 'SHOW REPLICA STATUS'))
        .split('\n')
        .map((line) => line.split('\t'));
      expect(Object.fromEntries(names.map((name, index) => [name, values[index]]))).toMatchObject({
        Replica_IO_Running: 'Yes',
        Replica_SQL_Running: 'Yes',
        Source_Retry_Count: '0',
      });
    });
  });

  it('change places after a crash as the page says, and stay there, whoever is started again', async () => {
    await table.stop(sourceServer.name, 0);
    await asRoot(replica, 'STOP REPLICA IO_THREAD');
    await asRoot(
      replica,
      'STOP REPLICA; RESET REPLICA ALL; SET PERSIST super_read_only = OFF; SET PERSIST read_only = OFF',
    );
    await asService(replica, insertSql(3));
    // As with `docker compose up`, before any service is started.
    await startServer(sourceServer);
    await setUp();
    expect([await isReadOnly(source), await isReadOnly(replica)]).toEqual([true, false]);
    const address = `SOURCE_HOST='127.0.0.1', SOURCE_PORT=${replica}`;
    const account = `SOURCE_USER='${REPLICATION_USER}', SOURCE_PASSWORD='${variables.PARLEY_REPLICATION_PASSWORD}'`;
    const way = 'SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1, SOURCE_CONNECT_RETRY=1, SOURCE_RETRY_COUNT=0';
    await asRoot(source, `CHANGE REPLICATION SOURCE TO ${address}, ${account}, ${way}; START REPLICA`);
    const copied = async () =>
      expect(await asService(source, 'SELECT MAX(message_sequence) FROM parley_messages_1.message')).toMatch(/3$/);
    await eventually(copied);
    for (const server of [sourceServer, replicaServer]) {
      await table.stop(server.name, 10_000);
      await startServer(server);
    }
    expect([await isReadOnly(source), await isReadOnly(replica)]).toEqual([true, false]);
    await setUp();
    expect([await isReadOnly(source), await isReadOnly(replica)]).toEqual([true, false]);
    await eventually(copied);
  });
});
