import { redisKeys } from '@parley/contracts';
import { attachStack, type ServiceKind, type Stack, type StackProcess } from '@parley/deploy';
import { PATHS } from '@parley/protocol';
import { Cluster, Redis } from 'ioredis';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { eventually } from './eventually.js';
import type { KafkaAccess } from './kafka-access.js';

/** A whole running system, as its users and its operator see it. */
export class System {
  /** Origin of the load balancer. */
  readonly server: string;
  /** Origins of the connection servers, for tests in which it matters who is where. */
  readonly connectionServers: readonly string[];

  constructor(readonly stack: Stack) {
    const [server] = stack.urls.balancers;
    if (server === undefined) throw new Error('The system under test has no load balancer');
    this.server = server;
    this.connectionServers = this.processes('connection').map((process) => process.url);
  }

  /** The instances of a service, in the order of their ids. */
  processes(kind: ServiceKind): StackProcess[] {
    return this.stack.parts.services
      .filter((part) => part.name.startsWith(`${kind}-`))
      .map((part) => this.stack.process(part.name));
  }

  /** Starts whatever a test has killed and waits until all of it is ready and in use. */
  async heal(): Promise<void> {
    const { servers, services, balancers } = this.stack.parts;
    for (const part of [...Object.values(servers).flat(), ...services, ...balancers])
      await this.stack.process(part.name).start();
    await this.recovered();
  }

  /** Waits until every instance is healthy for Consul too, and the load balancers pass requests on. */
  async recovered(): Promise<void> {
    for (const kind of this.stack.description.services) {
      const expected = this.processes(kind).map(({ name }) => name);
      await eventually(async () => {
        const healthy = await this.stack.healthyInstances(kind);
        const missing = expected.filter((name) => !healthy.includes(name));
        if (missing.length > 0) throw new Error(`${missing.join(', ')} not healthy for Consul`);
      }, 60_000);
    }
    for (const balancer of this.stack.urls.balancers) {
      for (const path of [PATHS.login, PATHS.pushInbox, PATHS.webSocket])
        await eventually(async () => {
          const { status } = await fetch(new URL(path, balancer), { headers: { connection: 'close' } });
          if (status >= 500) throw new Error(`${balancer}${path} is answered with ${status}`);
        });
    }
  }

  /** Sum of a metric over the instances of a service. @param metric a line of it, with its value as the first group */
  async total(kind: ServiceKind, metric: RegExp): Promise<number> {
    const texts = await Promise.all(
      this.processes(kind).map(async ({ url }) => {
        const response = await fetch(new URL('/metrics', url), { headers: { connection: 'close' } });
        return response.text();
      }),
    );
    return texts.map((text) => Number(metric.exec(text)?.[1] ?? 0)).reduce((sum, count) => sum + count, 0);
  }

  /** What the shards hold of a channel, by sequence. */
  async storedMessages(channelId: number): Promise<{ seq: number; content: string }[]> {
    const sql = 'SELECT message_sequence AS seq, content FROM message WHERE channel_id = ? ORDER BY message_sequence';
    const shards = await Promise.all(this.shards.map((shard) => this.rows(shard, sql, [channelId])));
    return shards.flat().map((row) => ({ seq: Number(row['seq']), content: String(row['content']) }));
  }

  /** Connection URLs of the message shards, shard 1 first. */
  get shards(): readonly string[] {
    return (this.stack.env['MESSAGE_SHARD_SOURCE_URLS'] ?? '').split(',');
  }

  /** Connection URL of the user database. */
  get users(): string {
    return this.stack.env['USER_DB_SOURCE_URL'] ?? '';
  }

  /** Asks a database itself, behind the back of the services. */
  async rows(database: string, sql: string, parameters: readonly (string | number)[] = []): Promise<RowDataPacket[]> {
    const connection = await createConnection(database);
    try {
      const [rows] = await connection.query<RowDataPacket[]>(sql, [...parameters]);
      return rows;
    } finally {
      await connection.end();
    }
  }

  /** Loaded when needed: most tests never look into Kafka. */
  async kafka(): Promise<KafkaAccess> {
    const { KafkaAccess } = await import('./kafka-access.js');
    return new KafkaAccess((this.stack.env['KAFKA_BROKERS'] ?? '').split(','));
  }

  /** Empties every Redis node. */
  async flushRedis(): Promise<void> {
    const redis = this.redis();
    // A cluster that is not connected yet has no nodes.
    await redis.connect();
    const nodes = redis instanceof Cluster ? redis.nodes('master') : [redis];
    await Promise.all(nodes.map((node) => node.flushall()));
    redis.disconnect();
  }

  /** The topics of the connection servers on which a user is, as Redis has it for operators; sorted. */
  async locationsOf(userId: number): Promise<string[]> {
    const redis = this.redis();
    try {
      const now = Math.floor(Date.now() / 1_000);
      return (await redis.zrange(redisKeys.userServers(userId), now, '+inf', 'BYSCORE')).toSorted();
    } finally {
      redis.disconnect();
    }
  }

  private redis(): Redis | Cluster {
    const { REDIS_NODES = '', REDIS_CLUSTER, REDIS_PASSWORD = '' } = this.stack.env;
    const nodes = REDIS_NODES.split(',').map((node) => {
      const [host = '', port] = node.split(':');
      return { host, port: Number(port) };
    });
    if (REDIS_CLUSTER === 'true')
      return new Cluster(nodes, { lazyConnect: true, redisOptions: { password: REDIS_PASSWORD } });
    return new Redis({ ...nodes[0], password: REDIS_PASSWORD, lazyConnect: true });
  }
}

/** The system that the test command has started; named by PARLEY_STACK. */
export async function runningSystem(): Promise<System> {
  const path = process.env['PARLEY_STACK'];
  if (path === undefined) throw new Error('PARLEY_STACK names no running system: run the tests through `npm test`');
  return new System(await attachStack(path));
}
