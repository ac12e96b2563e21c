import { Injectable } from '@nestjs/common';
import { redisKeys } from '@parley/contracts';
import { RedisClient } from '@parley/platform';
import { retryAfterSeconds, WINDOW_SECONDS } from './limit.rules.js';

/** Attempts allowed in one minute. */
export class AttemptSettings {
  constructor(
    readonly loginPerName: number,
    readonly loginPerAddress: number,
    readonly registerPerName: number,
    readonly registerPerAddress: number,
  ) {}
}

type Action = Parameters<typeof redisKeys.attempts>[0];

/** One script, so that a crash cannot leave a counter that never expires. */
const COUNT = `
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('TTL', KEYS[1])}`;
/** A counter that has expired in the meantime must not come back without an expiry. */
const FORGIVE = `
if redis.call('EXISTS', KEYS[1]) == 1 then return redis.call('DECR', KEYS[1]) end
return 0`;

/**
 * Counts attempts in Redis, so that all instances share one count. An `identity` is the same for all spellings of a name.
 * Rejects when Redis cannot be reached.
 */
@Injectable()
export class AttemptLimits {
  constructor(
    private readonly redis: RedisClient,
    private readonly settings: AttemptSettings,
  ) {}

  /** Counts a registration by its address; the seconds to wait if it is one too many. */
  registerFrom(address: string): Promise<number | undefined> {
    return this.count('register', `address:${address}`, this.settings.registerPerAddress);
  }

  /** Counts a registration by its name: each costs a password's hash, from however many addresses they come. */
  registerAs(identity: string): Promise<number | undefined> {
    return this.count('register', `name:${identity}`, this.settings.registerPerName);
  }

  /** Counts a login by its address; the seconds to wait if it is one too many. */
  loginFrom(address: string): Promise<number | undefined> {
    return this.count('login', `address:${address}`, this.settings.loginPerAddress);
  }

  /**
   * Counts a login by its name before the password is looked at, so that attempts made at once cannot pass together;
   * the seconds to wait if it is one too many. A good one is taken back by {@link loginSucceeded}.
   */
  loginAs(identity: string): Promise<number | undefined> {
    return this.count('login', `name:${identity}`, this.settings.loginPerName);
  }

  async loginSucceeded(identity: string): Promise<void> {
    await this.redis.eval(FORGIVE, 1, redisKeys.attempts('login', `name:${identity}`));
  }

  private async count(action: Action, subject: string, limit: number): Promise<number | undefined> {
    const reply = await this.redis.eval(COUNT, 1, redisKeys.attempts(action, subject), WINDOW_SECONDS);
    return retryAfterSeconds(reply, limit);
  }
}
