import { DATABASE_USER, REPLICATION_USER } from '../environment.js';
import { MYSQL } from '../native/databases/mysql.js';
import type { DatabaseServer } from '../topology.js';
import { whenHealthy, type ComposeService, type ComposeServices } from './compose-types.js';
import { membership, SECRETS, type Scope } from './scope.js';
import { IMAGES } from './server-containers.js';

/** Schemas and accounts of a source; its replicas receive them through the binary log. */
const sourceSql = (server: DatabaseServer): string[] => [
  ...server.schemas.map((schema) => `CREATE DATABASE IF NOT EXISTS ${schema} CHARACTER SET utf8mb4;`),
  `CREATE USER IF NOT EXISTS '${DATABASE_USER}'@'%' IDENTIFIED BY '$$DATABASE_PASSWORD';`,
  ...server.schemas.map((schema) => `GRANT ALL PRIVILEGES ON ${schema}.* TO '${DATABASE_USER}'@'%';`),
  `CREATE USER IF NOT EXISTS '${REPLICATION_USER}'@'%' IDENTIFIED BY '$$REPLICATION_PASSWORD';`,
  `GRANT REPLICATION SLAVE ON *.* TO '${REPLICATION_USER}'@'%';`,
];

/** Outlives the next start. */
const TAKES_NO_WRITES = ['SET PERSIST read_only = ON;', 'SET PERSIST super_read_only = ON;'];

const replicaSql = (scope: Scope, source: DatabaseServer): string[] => [
  ...TAKES_NO_WRITES,
  MYSQL.stopSql,
  MYSQL.followSql({ host: scope.nameOf(source.name), port: source.port }, '$$REPLICATION_PASSWORD'),
  MYSQL.startSql,
];

/** What a server has written down: ON for a replica, OFF for one that was promoted, nothing at first. */
const ROLE =
  "SELECT IFNULL(MAX(variable_value), '') FROM performance_schema.persisted_variables WHERE variable_name = 'read_only'";

/**
 * A shell script; `$$` is compose's way to write the `$` of a shell variable. Every statement may run again. Where the replica
 * was promoted, the old source, which may not know, takes no writes any more; else the new source would follow it again.
 */
function databaseScript(scope: Scope): string {
  const { databases } = scope.topology;
  const client = (server: DatabaseServer) => `mysql -h ${scope.nameOf(server.name)} -P ${server.port} -u root`;
  const run = (server: DatabaseServer, sql: string[]) => `${client(server)} <<SQL\n${sql.join('\n')}\nSQL\n`;
  const sources = databases.filter((server) => server.replicaOf === undefined);
  const pairs = sources.map((source) => {
    const replica = databases.find((server) => server.replicaOf === source.name);
    if (replica === undefined) return run(source, sourceSql(source));
    // On a line of its own, so that the script ends when the server does not answer.
    const ask = `read_only=$$(${client(replica)} -N -e "${ROLE}")\n`;
    const setUp = run(source, sourceSql(source)) + run(replica, replicaSql(scope, source));
    return `${ask}if [ "$$read_only" = OFF ]; then\n${run(source, TAKES_NO_WRITES)}else\n${setUp}fi\n`;
  });
  return pairs.join('');
}

function redisScript(scope: Scope): string {
  const { nodes } = scope.topology.redis;
  const [first] = nodes;
  if (first === undefined) return '';
  const cli = `redis-cli -h ${scope.addressOf(first.name)} -p ${first.port}`;
  const addresses = nodes.map((node) => `${scope.addressOf(node.name)}:${node.port}`).join(' ');
  return [
    `${cli} cluster info | grep -q cluster_state:ok && exit 0`,
    `redis-cli --cluster create ${addresses} --cluster-replicas 1 --cluster-yes`,
    `until ${cli} cluster info | grep -q cluster_state:ok; do sleep 0.2; done`,
    '',
  ].join('\n');
}

const oneOff = (scope: Scope, image: string, script: string, waitFor: string[]): ComposeService => ({
  image,
  ...membership(scope),
  entrypoint: ['/bin/sh', '-ec'],
  command: [script],
  depends_on: whenHealthy(waitFor),
  restart: 'on-failure',
});

/** Containers that run to their end before ours start: accounts and replication, and the Redis cluster. */
export function setupContainers(scope: Scope): ComposeServices {
  const { topology, nameOf } = scope;
  const databases: ComposeService = {
    ...oneOff(
      scope,
      IMAGES.mysql,
      databaseScript(scope),
      topology.databases.map((server) => nameOf(server.name)),
    ),
    environment: {
      MYSQL_PWD: SECRETS.databaseRootPassword,
      DATABASE_PASSWORD: SECRETS.databasePassword,
      REPLICATION_PASSWORD: SECRETS.replicationPassword,
    },
  };
  const redis: ComposeService = {
    ...oneOff(
      scope,
      IMAGES.redis,
      redisScript(scope),
      topology.redis.nodes.map((node) => nameOf(node.name)),
    ),
    environment: { REDISCLI_AUTH: SECRETS.redisPassword },
  };
  return {
    [nameOf('setup-databases')]: databases,
    ...(topology.redis.cluster ? { [nameOf('setup-redis')]: redis } : {}),
  };
}
