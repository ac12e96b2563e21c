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

const replicaSql = (scope: Scope, source: DatabaseServer): string[] => [
  MYSQL.stopSql,
  MYSQL.followSql({ host: scope.nameOf(source.name), port: source.port }, '$$REPLICATION_PASSWORD'),
  MYSQL.startSql,
];

/**
 * A shell script; `$$` is compose's way to write the `$` of a shell variable. Every statement may run again. A replica that
 * takes writes has been promoted: such a pair is left as it is, or its new source would follow the old one again.
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
    const ask = `read_only=$$(${client(replica)} -N -e 'SELECT @@global.read_only')\n`;
    const setUp = run(source, sourceSql(source)) + run(replica, replicaSql(scope, source));
    return `${ask}if [ "$$read_only" = 1 ]; then\n${setUp}fi\n`;
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
