import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RedisNode, Topology } from '../topology.js';
import type { Part } from './part.js';
import type { StackSecrets } from './secrets.js';
import { converses } from './waiting.js';

const nodeId = (node: RedisNode): string => String(node.port).padStart(40, '0');

/**
 * The cluster file as the cluster itself would write it. A node that starts with it belongs to a whole cluster at once,
 * without the seconds that `redis-cli --cluster create` takes.
 */
export function clusterFile(nodes: readonly RedisNode[], self: RedisNode): string {
  const masters = nodes.filter((node) => node.role === 'master');
  const lines = nodes.map((node) => {
    const master = masters.find((candidate) => candidate.name === node.replicaOf) ?? node;
    const flags = [...(node === self ? ['myself'] : []), node.role === 'master' ? 'master' : 'slave'].join(',');
    const follows = node.role === 'master' ? '-' : nodeId(master);
    const epoch = masters.indexOf(master) + 1;
    const address = `127.0.0.1:${node.port}@${node.busPort}`;
    return [nodeId(node), address, flags, follows, 0, 0, epoch, 'connected', node.slots]
      .filter((part) => part !== undefined)
      .join(' ');
  });
  return `${lines.join('\n')}\nvars currentEpoch ${masters.length} lastVoteEpoch 0\n`;
}

export function redisConfig(node: RedisNode, cluster: boolean, dir: string, password: string): string {
  const common = [
    'bind 127.0.0.1',
    `port ${node.port}`,
    `dir ${JSON.stringify(dir)}`,
    `requirepass ${password}`,
    `masterauth ${password}`,
    'daemonize no',
    'appendonly yes',
    'save ""',
    'repl-diskless-sync-delay 0',
  ];
  const clustered = [
    'cluster-enabled yes',
    'cluster-config-file nodes.conf',
    `cluster-port ${node.busPort}`,
    'cluster-node-timeout 3000',
  ];
  return `${[...common, ...(cluster ? clustered : [])].join('\n')}\n`;
}

/** One connection: authenticate, ask, and look for a line that means ready. */
function asks(port: number, password: string, command: string, ...expected: readonly string[]): Promise<boolean> {
  return converses(port, `AUTH ${password}\r\n${command}\r\n`, (received) =>
    expected.some((line) => received.includes(line)),
  );
}

/** Which node of a pair is the master may have changed since the cluster was made. */
async function isReady({ port }: RedisNode, cluster: boolean, password: string): Promise<boolean> {
  if (!cluster) return asks(port, password, 'PING', '+PONG');
  const hasData = await asks(port, password, 'INFO replication', 'role:master', 'master_link_status:up');
  return hasData && asks(port, password, 'CLUSTER INFO', 'cluster_state:ok');
}

async function writeFiles(dir: string, node: RedisNode, topology: Topology, password: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  const { cluster, nodes } = topology.redis;
  await writeFile(join(dir, 'redis.conf'), redisConfig(node, cluster, dir, password), { mode: 0o600 });
  const clusterState = join(dir, 'nodes.conf');
  if (cluster && !existsSync(clusterState)) await writeFile(clusterState, clusterFile(nodes, node));
}

export const redisParts = (topology: Topology, stateDir: string, secrets: StackSecrets): Part[] =>
  topology.redis.nodes.map((node) => {
    const dir = join(stateDir, 'redis', node.name);
    return {
      name: node.name,
      stage: 'server',
      ports: topology.redis.cluster ? [node.port, node.busPort] : [node.port],
      startTimeoutMs: 30_000,
      prepare: async () => {
        await writeFiles(dir, node, topology, secrets.redisPassword);
        return { name: node.name, command: ['redis-server', join(dir, 'redis.conf')], cwd: dir };
      },
      ready: () => isReady(node, topology.redis.cluster, secrets.redisPassword),
    };
  });
