import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sharedEnvironment, type Environment } from '../src/environment.js';
import { selfSignedCertificate, type Certificate } from '../src/native/certificate.js';
import { kafkaClassPath } from '../src/native/kafka-jars.js';
import { kafkaParts } from '../src/native/kafka.js';
import { databaseParts } from '../src/native/databases/databases.js';
import { MARIADB } from '../src/native/databases/mariadb.js';
import { type ProcessSpec, ProcessTable } from '../src/native/process-table.js';
import { redisParts } from '../src/native/redis.js';
import { run } from '../src/native/run.js';
import { loadSecrets, type StackSecrets } from '../src/native/secrets.js';
import { nativeNetwork } from '../src/native/services.js';
import { accepts, becomesTrue } from '../src/native/waiting.js';
import { createTopology, type Topology } from '../src/topology.js';

export const USER = 'parley';

/** Kafka, Redis and MariaDB as a careful operator runs them: nobody enters without a login, or without encryption. */
export class SecuredServers implements AsyncDisposable {
  private constructor(
    readonly table: ProcessTable,
    readonly topology: Topology,
    /** What lets a service in: every part of it can be left out or changed. */
    readonly env: Environment,
  ) {}

  static async start(stateDir: string, portOffset: number): Promise<SecuredServers> {
    const topology = createTopology({ profile: 'single', portOffset });
    const secrets = await loadSecrets(stateDir);
    const certificate = await selfSignedCertificate(join(stateDir, 'tls'));
    const table = new ProcessTable(stateDir);
    const kafkaPassword = secrets.replicationPassword;
    const env = {
      ...sharedEnvironment(topology, nativeNetwork, secrets),
      CONSUL_URLS: '',
      KAFKA_SSL: 'true',
      KAFKA_SASL_MECHANISM: 'plain',
      KAFKA_SASL_USERNAME: USER,
      KAFKA_SASL_PASSWORD: kafkaPassword,
      REDIS_SSL: 'true',
      REDIS_USERNAME: USER,
      DB_SSL: 'true',
      NODE_EXTRA_CA_CERTS: certificate.certificate,
    };
    const servers = new SecuredServers(table, topology, env);
    const specs = await Promise.all([
      securedKafka(topology, stateDir, certificate, kafkaPassword),
      securedRedis(topology, stateDir, certificate, secrets),
      securedDatabase(topology, stateDir, certificate, secrets),
    ]);
    for (const { spec, port } of specs) {
      await table.start(spec);
      if (!(await becomesTrue(() => accepts(port), 60_000))) {
        throw new Error(`${spec.name} does not start: ${await table.tail(spec.name)}`);
      }
    }
    return servers;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of await this.table.names()) await this.table.stop(name, 10_000);
    await rm(this.table.stateDir, { recursive: true, force: true });
  }
}

interface Prepared {
  readonly spec: ProcessSpec;
  readonly port: number;
}

const only = <T>(items: readonly T[]): T => {
  const [item] = items;
  if (item === undefined || items.length > 1) throw new Error('there should be exactly one');
  return item;
};

async function securedKafka(
  topology: Topology,
  stateDir: string,
  { certificate, key }: Certificate,
  password: string,
): Promise<Prepared> {
  const broker = only(topology.kafka.brokers);
  const spec = await only(kafkaParts(topology, stateDir)).prepare();
  const dir = join(stateDir, 'kafka', broker.name);
  const keystore = join(dir, 'keystore.pem');
  await writeFile(keystore, `${await readFile(key, 'utf8')}${await readFile(certificate, 'utf8')}`, { mode: 0o600 });
  const modules = 'org.apache.kafka.common.security';
  const own = `127.0.0.1:${broker.port + 1}`;
  const properties = [
    // Where a property comes twice the last one counts.
    `listeners=SASL_SSL://127.0.0.1:${broker.port},PLAINTEXT://${own},CONTROLLER://127.0.0.1:${broker.controllerPort}`,
    `advertised.listeners=SASL_SSL://127.0.0.1:${broker.port},PLAINTEXT://${own}`,
    'listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL',
    'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512',
    `listener.name.sasl_ssl.plain.sasl.jaas.config=${modules}.plain.PlainLoginModule required user_${USER}="${password}";`,
    `listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=${modules}.scram.ScramLoginModule required;`,
    'ssl.keystore.type=PEM',
    `ssl.keystore.location=${keystore}`,
  ];
  const file = join(dir, 'server.properties');
  await appendFile(file, `${properties.join('\n')}\n`);
  // Users of SCRAM are part of the first state of a broker.
  const data = join(dir, 'data');
  const cluster = /^cluster\.id=(.+)$/m.exec(await readFile(join(data, 'meta.properties'), 'utf8'))?.[1] ?? '';
  await rm(data, { recursive: true });
  const format = ['kafka.tools.StorageTool', 'format', '-t', cluster, '-c', file];
  const user = ['--add-scram', `SCRAM-SHA-512=[name=${USER},password=${password}]`];
  await run(['java', '-cp', await kafkaClassPath(), ...format, ...user], { what: 'formatting the broker', cwd: dir });
  return { spec, port: broker.port };
}

async function securedRedis(
  topology: Topology,
  stateDir: string,
  { certificate, key }: Certificate,
  secrets: StackSecrets,
): Promise<Prepared> {
  const node = only(topology.redis.nodes);
  const spec = await only(redisParts(topology, stateDir, secrets)).prepare();
  const lines = [
    'port 0',
    `tls-port ${node.port}`,
    `tls-cert-file ${certificate}`,
    `tls-key-file ${key}`,
    `tls-ca-cert-file ${certificate}`,
    'tls-auth-clients no',
    'user default off',
    `user ${USER} on >${secrets.redisPassword} ~* &* +@all`,
  ];
  await appendFile(join(stateDir, 'redis', node.name, 'redis.conf'), `${lines.join('\n')}\n`);
  return { spec, port: node.port };
}

async function securedDatabase(
  topology: Topology,
  stateDir: string,
  { certificate, key }: Certificate,
  secrets: StackSecrets,
): Promise<Prepared> {
  const server = only(topology.databases);
  const spec = await only(databaseParts(MARIADB, topology, stateDir, secrets)).prepare();
  const encrypted = [`--ssl-cert=${certificate}`, `--ssl-key=${key}`, '--require-secure-transport=1'];
  return { spec: { ...spec, command: [...spec.command, ...encrypted] }, port: server.port };
}
