import { Cluster, Redis, type Command, type RedisCommander } from 'ioredis';
import type { RedisConfig } from '../config/base-env.js';
import { whyRefused } from '../health/why-refused.js';
import type { Log } from '../logging/log.js';

/** Commands to Redis, one server or a cluster. A command is answered or fails within about a second, always. */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging -- a class to inject, with the commands of ioredis
export abstract class RedisClient {}
export interface RedisClient extends RedisCommander, Pick<Redis, 'pipeline' | 'multi' | 'disconnect'> {
  /** `ready` while commands can be carried out. */
  readonly status: string;
}

const COMMAND_TIMEOUT_MS = 1_000;

/** A connection that stays silent for this long with commands under way is replaced. */
const SOCKET_TIMEOUT_MS = 2_000;

/** Tries for ever; the spread keeps instances from coming back all at once. Milliseconds. */
export const reconnectDelay = (attempt: number): number =>
  Math.min(50 * 2 ** attempt, 1_000) * (0.5 + Math.random() / 2);

/** Connects in the background: neither a Redis that is away nor one that goes away throws here. */
export function createRedis(config: RedisConfig, log: Log): RedisClient {
  const connection = {
    ...(config.REDIS_USERNAME !== undefined && { username: config.REDIS_USERNAME }),
    password: config.REDIS_PASSWORD,
    ...(config.REDIS_SSL && { tls: {} }),
    connectTimeout: COMMAND_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
    maxRetriesPerRequest: 1,
  };
  const nodes = config.REDIS_NODES.map(({ host, port }) => ({ host, port }));
  const redis = config.REDIS_CLUSTER
    ? new BoundedCluster(nodes, {
        redisOptions: connection,
        clusterRetryStrategy: reconnectDelay,
        // Finds a new master even if no command ran into the old one.
        slotsRefreshInterval: 5_000,
      })
    : new Redis({ ...nodes[0], ...connection, retryStrategy: reconnectDelay });
  logOutages(redis, log);
  return redis;
}

/**
 * ioredis neither limits how long a command waits for a cluster without a reachable node, nor how many wait. Here the
 * first second of an outage may wait, for at most a second; after that a command fails at once.
 */
class BoundedCluster extends Cluster {
  private awaySince: number | undefined = Date.now();

  constructor(...options: ConstructorParameters<typeof Cluster>) {
    super(...options);
    this.on('ready', () => (this.awaySince = undefined));
    // Comes again with every failed attempt.
    this.on('close', () => (this.awaySince ??= Date.now()));
  }

  override sendCommand(command: Command, ...rest: SendRest): unknown {
    const isLongAway = this.awaySince !== undefined && Date.now() - this.awaySince > COMMAND_TIMEOUT_MS;
    // CLUSTER is how ioredis itself finds out that the cluster is back.
    if (isLongAway && command.name !== 'cluster') {
      command.reject(new Error('no node of the Redis cluster is reachable'));
      return command.promise;
    }
    command.setTimeout(COMMAND_TIMEOUT_MS);
    return super.sendCommand(command, ...rest);
  }
}
type SendRest = Parameters<Cluster['sendCommand']> extends [Command, ...infer R] ? R : never;

/** Why each client that is away is away: its commands only tell that they have waited in vain. */
const troubles = new WeakMap<RedisClient, Error>();

/** @throws Error with the reason, if Redis does not answer */
export async function checkRedis(redis: RedisClient): Promise<void> {
  try {
    await redis.ping();
  } catch (error) {
    const cause = troubles.get(redis) ?? error;
    const reason = cause instanceof Error ? cause.message : 'no reason';
    // What one hears of a port that expects the other kind of connection.
    const hint = reason.includes('ECONNRESET') ? '; if this lasts, check REDIS_SSL' : '';
    throw new Error(`Redis does not answer: ${reason}${hint}`, { cause });
  }
}

/** Without a listener an error event would end the process; with one line per attempt the log would drown. */
function logOutages(redis: Redis | Cluster, log: Log): void {
  redis.on('error', (err: Error) => {
    if (!troubles.has(redis)) log.warn({ err }, whyRefused(err) ?? 'Redis is away, will keep trying');
    troubles.set(redis, err);
  });
  redis.on('ready', () => {
    if (troubles.delete(redis)) log.info('Redis is back');
  });
}
