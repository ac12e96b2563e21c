import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createTopology, type Environment, ProcessTable, redisParts, StackProcess } from '@parley/deploy';
import { Cluster } from 'ioredis';
import { OWN_PORT_OFFSET, TEST_STATE } from './own-stack.js';

const PASSWORD = 'only-for-tests-on-this-machine';

/** The Redis of the full profile alone: three masters, each with a replica. */
export class RedisCluster implements AsyncDisposable {
  private constructor(
    private readonly stateDir: string,
    private readonly nodes: readonly StackProcess[],
  ) {}

  static async start(): Promise<RedisCluster> {
    await mkdir(TEST_STATE, { recursive: true });
    const stateDir = await mkdtemp(join(TEST_STATE, 'redis-cluster-'));
    const topology = createTopology({ profile: 'full', portOffset: OWN_PORT_OFFSET });
    const table = new ProcessTable(stateDir);
    const secrets = { databasePassword: 'unused', replicationPassword: 'unused', redisPassword: PASSWORD };
    const nodes = redisParts(topology, stateDir, secrets).map((part) => new StackProcess(table, part));
    const cluster = new RedisCluster(stateDir, nodes);
    try {
      await Promise.all(nodes.map((node) => node.start()));
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
    return cluster;
  }

  /** Where it is and how to enter it. */
  get env(): Environment {
    return {
      REDIS_NODES: this.nodes.map(({ port }) => `127.0.0.1:${port}`).join(','),
      REDIS_CLUSTER: 'true',
      REDIS_PASSWORD: PASSWORD,
    };
  }

  /** The first node, which is a master until somebody kills it; its replica takes its place within some seconds. */
  get firstMaster(): StackProcess {
    const [node] = this.nodes;
    if (node === undefined) throw new Error('a cluster has nodes');
    return node;
  }

  /** Empties all of it. */
  async flush(): Promise<void> {
    const redis = new Cluster(
      this.nodes.map(({ port }) => ({ host: '127.0.0.1', port })),
      { redisOptions: { password: PASSWORD } },
    );
    try {
      // Before the first answer it is not known which nodes are masters.
      await redis.ping();
      await Promise.all(redis.nodes('master').map((node) => node.flushall()));
    } finally {
      redis.disconnect();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop(0)));
    await rm(this.stateDir, { recursive: true, force: true });
  }
}
