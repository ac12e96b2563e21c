import { Inject, Injectable } from '@nestjs/common';
import { NOTIFICATION_TOPIC_PREFIX, redisKeys } from '@parley/contracts';
import { RedisClient } from '@parley/platform';
import type { UserId } from '@parley/protocol';
import { ConnectionSettings } from '../config.js';
import { ServerIdentity } from '../server/server-identity.js';

/**
 * The time is that of Redis, so that all servers measure with one clock. Entries that are over go as soon as another
 * server writes beside them; with nobody left to write, the key goes by its own expiry.
 */
const PUT = `
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[2])
return redis.call('EXPIRE', KEYS[1], ARGV[1])`;

/** The entries of this server in Redis. Every method rejects when Redis has not taken it. */
@Injectable()
export class LocationStore {
  private readonly topic: string;
  private readonly ttlSeconds: number;

  constructor(
    private readonly redis: RedisClient,
    identity: ServerIdentity,
    @Inject(ConnectionSettings) settings: Pick<ConnectionSettings, 'locationTtlSeconds'>,
  ) {
    this.topic = NOTIFICATION_TOPIC_PREFIX + identity.server;
    this.ttlSeconds = settings.locationTtlSeconds;
  }

  /** The user is connected here, for the full time again. */
  async put(userId: UserId): Promise<void> {
    await this.redis.eval(PUT, 1, redisKeys.userServers(userId), this.ttlSeconds, this.topic);
  }

  /** The user is not connected here any more; what other servers say stays. */
  async remove(userId: UserId): Promise<void> {
    await this.redis.zrem(redisKeys.userServers(userId), this.topic);
  }
}
