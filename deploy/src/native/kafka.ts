import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { KafkaBroker, Topology } from '../topology.js';
import { classArchive, kafkaClassPath } from './kafka-jars.js';
import { fetchMetadata, hasCaughtUp } from './kafka-metadata.js';
import type { Part } from './part.js';

const CLUSTER_ID = 'parley-kafka-cluster-0';

/** Settings that the native runner and the containers share. */
export function brokerSettings({ kafka }: Topology): Readonly<Record<string, string>> {
  const replication = String(kafka.replicationFactor);
  const inSync = String(kafka.minInsyncReplicas);
  return {
    'process.roles': 'broker,controller',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'auto.create.topics.enable': 'false',
    'default.replication.factor': replication,
    'min.insync.replicas': inSync,
    'unclean.leader.election.enable': 'false',
    'offsets.topic.replication.factor': replication,
    'offsets.topic.num.partitions': String(kafka.partitions),
    'transaction.state.log.replication.factor': replication,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': replication,
    'share.coordinator.state.topic.min.isr': inSync,
    ...(kafka.brokers.length > 1 && {
      // A broker that dies holds up its partitions for so long, and with them whoever writes to all replicas.
      'broker.session.timeout.ms': '4000',
      'broker.heartbeat.interval.ms': '1000',
      // After all brokers were killed, followers may stay behind a leader until the next election, by default 5 minutes.
      'leader.imbalance.check.interval.seconds': '5',
    }),
    // A group's first member starts at once instead of waiting three seconds for others.
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
  };
}

export function brokerProperties(topology: Topology, broker: KafkaBroker, dataDir: string): string {
  const voters = topology.kafka.brokers.map((each) => `${each.nodeId}@127.0.0.1:${each.controllerPort}`);
  const properties = {
    ...brokerSettings(topology),
    'node.id': broker.nodeId,
    'controller.quorum.voters': voters.join(','),
    listeners: `PLAINTEXT://127.0.0.1:${broker.port},CONTROLLER://127.0.0.1:${broker.controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${broker.port}`,
    'log.dirs': dataDir,
    // Sized for one machine that runs everything.
    'log.cleaner.dedupe.buffer.size': 4194304,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'controller.quorum.election.timeout.ms': 300,
    'controller.quorum.election.backoff.max.ms': 100,
  };
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

/** Kafka's base64 of a random UUID; a leading dash would read as an option elsewhere. */
const directoryId = (): string => randomBytes(16).toString('base64url').replace(/^-/, 'A');

/** What `StorageTool format` would leave, without starting a Java machine for it. */
async function formatStorage(dataDir: string, broker: KafkaBroker): Promise<void> {
  const path = join(dataDir, 'meta.properties');
  if (existsSync(path)) return;
  await mkdir(dataDir, { recursive: true });
  const lines = ['version=1', `cluster.id=${CLUSTER_ID}`, `node.id=${broker.nodeId}`, `directory.id=${directoryId()}`];
  await writeFile(path, `${lines.join('\n')}\n`);
}

/**
 * While a broker collects garbage, what is on its way waits. So all cores collect, the young generation stays small, and the
 * heap is as large from the start as what lives: before it grows, all of it is collected.
 */
const MEMORY = [
  '-Xms96m',
  '-Xmx256m',
  '-Xmn24m',
  '-XX:MetaspaceSize=64m',
  '-XX:+UseParallelGC',
  '-XX:-UseAdaptiveSizePolicy',
];

/** `archive` options make or use a class-data archive, which halves the start time. */
export const brokerCommand = (archive: string[], classPath: string, propertiesFile: string): string[] => [
  'java',
  ...MEMORY,
  '-Djava.net.preferIPv4Stack=true',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
  ...archive,
  '-cp',
  classPath,
  'kafka.Kafka',
  propertiesFile,
];

export async function prepareBroker(topology: Topology, broker: KafkaBroker, dir: string): Promise<string> {
  const dataDir = join(dir, 'data');
  await formatStorage(dataDir, broker);
  const propertiesFile = join(dir, 'server.properties');
  await writeFile(propertiesFile, brokerProperties(topology, broker, dataDir));
  return propertiesFile;
}

export const kafkaParts = (topology: Topology, stateDir: string): Part[] =>
  topology.kafka.brokers.map((broker) => ({
    name: broker.name,
    stage: 'server',
    ports: [broker.port, broker.controllerPort],
    startTimeoutMs: 90_000,
    prepare: async () => {
      const dir = join(stateDir, 'kafka', broker.name);
      const propertiesFile = await prepareBroker(topology, broker, dir);
      const { path, made } = await classArchive();
      const archive = made ? [`-XX:SharedArchiveFile=${path}`] : [];
      return { name: broker.name, command: brokerCommand(archive, await kafkaClassPath(), propertiesFile), cwd: dir };
    },
    ready: async () => {
      const metadata = await fetchMetadata(broker.port);
      return metadata !== undefined && hasCaughtUp(metadata, broker.nodeId);
    },
  }));
