import { writableFrom } from '../native/consul.js';
import { LOGGED, SEMI_SYNCHRONOUS } from '../native/databases/mysql.js';
import { brokerSettings } from '../native/kafka.js';
import type { ConsulServer, DatabaseServer, KafkaBroker, RedisNode } from '../topology.js';
import { healthcheck, type ComposeService, type ComposeServices } from './compose-types.js';
import { fixedMembership, membership, published, SECRETS, type Scope } from './scope.js';

export const IMAGES = {
  consul: 'hashicorp/consul:1.21',
  kafka: 'apache/kafka:4.4.0',
  redis: 'redis:7.4',
  mysql: 'mysql:8.4',
} as const;

function consulContainer(scope: Scope, server: ConsulServer): ComposeService {
  const servers = scope.topology.consul;
  const others = servers.filter((other) => other !== server).map((other) => other.name);
  return {
    image: IMAGES.consul,
    ...fixedMembership(scope, server.name),
    command: [
      'agent',
      '-server',
      '-ui',
      `-bootstrap-expect=${servers.length}`,
      `-node=${server.name}`,
      `-client=${scope.network.listenHost}`,
      `-http-port=${server.httpPort}`,
      '-dns-port=-1',
      '-grpc-port=-1',
      '-grpc-tls-port=-1',
      '-data-dir=/consul/data',
      '-log-level=warn',
      writableFrom(scope.consulWriters),
      ...others.map((other) => `-retry-join=${scope.addressOf(other)}`),
    ],
    environment: { CONSUL_BIND_INTERFACE: 'eth0' },
    ports: [published(server.httpPort)],
    volumes: [`${scope.nameOf(server.name)}:/consul/data`],
    healthcheck: healthcheck('CMD-SHELL', `wget -qO- http://127.0.0.1:${server.httpPort}/v1/status/leader | grep -q :`),
    restart: 'unless-stopped',
  };
}

/** The image turns KAFKA_SOME_NAME into the property some.name. */
const asVariables = (properties: Readonly<Record<string, string | number>>) =>
  Object.fromEntries(
    Object.entries(properties).map(([key, value]) => [
      `KAFKA_${key.toUpperCase().replaceAll('.', '_')}`,
      String(value),
    ]),
  );

function kafkaContainer(scope: Scope, broker: KafkaBroker): ComposeService {
  const { topology, nameOf } = scope;
  const { hostOf, listenHost } = scope.network;
  const voters = topology.kafka.brokers.map((each) => `${each.nodeId}@${hostOf(each.name)}:${each.controllerPort}`);
  return {
    image: IMAGES.kafka,
    ...membership(scope),
    environment: {
      CLUSTER_ID: 'parley-kafka-cluster-0',
      ...asVariables({
        ...brokerSettings(topology),
        'node.id': broker.nodeId,
        'controller.quorum.voters': voters.join(','),
        listeners: `PLAINTEXT://${listenHost}:${broker.port},CONTROLLER://${listenHost}:${broker.controllerPort}`,
        'advertised.listeners': `PLAINTEXT://${hostOf(broker.name)}:${broker.port}`,
        'log.dirs': '/var/lib/kafka/data',
      }),
    },
    volumes: [`${nameOf(broker.name)}:/var/lib/kafka/data`],
    healthcheck: healthcheck(
      'CMD-SHELL',
      `/opt/kafka/bin/kafka-broker-api-versions.sh --bootstrap-server ${hostOf(broker.name)}:${broker.port} > /dev/null`,
    ),
    restart: 'unless-stopped',
    stop_grace_period: '30s',
  };
}

function redisContainer(scope: Scope, node: RedisNode): ComposeService {
  const password = SECRETS.redisPassword;
  const durable = ['--appendonly', 'yes', '--save', ''];
  const settings = ['--port', String(node.port), ...durable, '--requirepass', password, '--masterauth', password];
  const clustered = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '3000'];
  return {
    image: IMAGES.redis,
    ...fixedMembership(scope, node.name),
    command: ['redis-server', ...settings, ...(scope.topology.redis.cluster ? clustered : [])],
    environment: { REDISCLI_AUTH: password },
    volumes: [`${scope.nameOf(node.name)}:/data`],
    healthcheck: healthcheck('CMD-SHELL', `redis-cli -p ${node.port} ping | grep -q PONG`),
    restart: 'unless-stopped',
  };
}

function databaseContainer(scope: Scope, server: DatabaseServer): ComposeService {
  const isReplicated = scope.topology.databases.some(({ replicaOf }) => replicaOf !== undefined);
  return {
    image: IMAGES.mysql,
    ...membership(scope),
    command: [
      `--port=${server.port}`,
      `--server-id=${server.port}`,
      '--mysqlx=OFF',
      '--innodb-flush-log-at-trx-commit=1',
      '--character-set-server=utf8mb4',
      '--max-connections=400',
      // Nothing of its role, which may change: that is written down in its data, and an option would win over it.
      ...(isReplicated ? [...LOGGED, ...SEMI_SYNCHRONOUS] : ['--skip-log-bin']),
    ],
    environment: { MYSQL_ROOT_PASSWORD: SECRETS.databaseRootPassword, MYSQL_INITDB_SKIP_TZINFO: '1' },
    volumes: [`${scope.nameOf(server.name)}:/var/lib/mysql`],
    // Over TCP: while the image sets the data folder up, the server answers on its socket only.
    healthcheck: healthcheck(
      'CMD-SHELL',
      `MYSQL_PWD="$$MYSQL_ROOT_PASSWORD" mysqladmin ping -h 127.0.0.1 -P ${server.port} -u root --silent`,
    ),
    restart: 'unless-stopped',
    stop_grace_period: '60s',
  };
}

export function serverContainers(scope: Scope): ComposeServices {
  const { topology, nameOf } = scope;
  return Object.fromEntries<ComposeService>([
    ...topology.consul.map((server) => [nameOf(server.name), consulContainer(scope, server)] as const),
    ...topology.kafka.brokers.map((broker) => [nameOf(broker.name), kafkaContainer(scope, broker)] as const),
    ...topology.redis.nodes.map((node) => [nameOf(node.name), redisContainer(scope, node)] as const),
    ...topology.databases.map((server) => [nameOf(server.name), databaseContainer(scope, server)] as const),
  ]);
}
