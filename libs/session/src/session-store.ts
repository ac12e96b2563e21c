import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { redisKeys, Session, sessionCookie, sessionHash } from '@parley/contracts';
import { RedisClient } from '@parley/platform';
import type { UserId } from '@parley/protocol';
import { isForUser } from './named-user.js';
import { SessionSettings } from './settings.js';

/** A session that exists; `hash` is the name it is stored under and the only form that may be passed on or logged. */
export interface ActiveSession {
  readonly hash: string;
  readonly holder: Session;
}

export interface SessionRequest {
  readonly url?: string | undefined;
  readonly headers: { readonly cookie?: string | undefined };
}

/** Scripts, because a session without an expiry would never end: the value and its expiry are set together. */
const WRITE_SESSION = `
redis.call('HSET', KEYS[1], 'userId', ARGV[2], 'username', ARGV[3], 'createdAt', ARGV[4])
return redis.call('EXPIRE', KEYS[1], ARGV[1])`;
const INDEX_SESSION = `
redis.call('SADD', KEYS[1], ARGV[2])
return redis.call('EXPIRE', KEYS[1], ARGV[1])`;

/** The index outlives the sessions it names, so that none can be missed when an account ends. */
const INDEX_SPARE_SECONDS = 60;
const COOKIE_BYTES = 36;

/**
 * Sessions in Redis. The cookie itself is stored nowhere: only its hash. Every method rejects when Redis cannot be
 * reached; none of them treats that as "no session".
 */
@Injectable()
export class SessionStore {
  constructor(
    private readonly redis: RedisClient,
    private readonly settings: SessionSettings,
  ) {}

  /** Starts a session and returns its cookie value: 48 base64 characters. */
  async create(holder: { readonly userId: UserId; readonly username: string }): Promise<string> {
    const cookie = randomBytes(COOKIE_BYTES).toString('base64');
    const hash = sessionHash(cookie);
    if (hash === undefined) throw new Error('a fresh cookie is not a cookie');
    await this.dropEndedFromIndex(holder.userId);
    const createdAt = new Date().toISOString();
    const { userId, username } = holder;
    const key = redisKeys.session(hash);
    // The index comes second: nobody knows the cookie before, and a name in the index without a session is dropped.
    await this.redis.eval(WRITE_SESSION, 1, key, this.settings.ttlSeconds, userId, username, createdAt);
    await this.index(userId, hash);
    return cookie;
  }

  /** The session of a cookie value; undefined when it is none, has expired or was ended. Does not renew it. */
  async find(cookie: string | undefined): Promise<ActiveSession | undefined> {
    const hash = cookie === undefined ? undefined : sessionHash(cookie);
    if (hash === undefined) return undefined;
    const stored = Session.safeParse(await this.redis.hgetall(redisKeys.session(hash)));
    return stored.success ? { hash, holder: stored.data } : undefined;
  }

  /** The session that a request comes with, which has its full time again; none where the request names another user. */
  async ofRequest({ url, headers }: SessionRequest): Promise<ActiveSession | undefined> {
    const active = await this.find(sessionCookie(headers.cookie));
    if (active === undefined || !isForUser(url, active.holder.username)) return undefined;
    return (await this.renew(active)) ? active : undefined;
  }

  /** Gives the session its full time again; false when it is over. */
  async renew({ hash, holder }: ActiveSession): Promise<boolean> {
    const renewed = await this.redis.expire(redisKeys.session(hash), this.settings.ttlSeconds);
    if (renewed === 0) return false;
    await this.index(holder.userId, hash);
    return true;
  }

  /** Whether the session still exists, without renewing it. */
  async exists(hash: string): Promise<boolean> {
    return (await this.redis.exists(redisKeys.session(hash))) === 1;
  }

  /** Ends one session; false when it was over already. */
  async end({ hash }: Pick<ActiveSession, 'hash'>): Promise<boolean> {
    // The next login drops it from the index: one command more could fail when the session is over already.
    return (await this.redis.del(redisKeys.session(hash))) === 1;
  }

  /**
   * Ends all sessions of a user and returns the hashes they were stored under. Gives the same ones again, so that all can
   * be told of their end, until they are {@link forget forgotten}.
   */
  async endAll(userId: UserId): Promise<string[]> {
    const hashes = await this.redis.smembers(redisKeys.userSessions(userId));
    await Promise.all(hashes.map((hash) => this.end({ hash })));
    return hashes;
  }

  /** Everybody who has to know that these sessions are over does. */
  async forget(userId: UserId, hashes: readonly string[]): Promise<void> {
    if (hashes.length > 0) await this.redis.srem(redisKeys.userSessions(userId), ...hashes);
  }

  private async index(userId: UserId, hash: string): Promise<void> {
    const seconds = this.settings.ttlSeconds + INDEX_SPARE_SECONDS;
    await this.redis.eval(INDEX_SESSION, 1, redisKeys.userSessions(userId), seconds, hash);
  }

  /** Keeps the index as small as the number of live sessions, however often somebody logs in. */
  private async dropEndedFromIndex(userId: UserId): Promise<void> {
    const hashes = await this.redis.smembers(redisKeys.userSessions(userId));
    const alive = await Promise.all(hashes.map((hash) => this.exists(hash)));
    const ended = hashes.filter((_, position) => alive[position] === false);
    await this.forget(userId, ended);
  }
}
