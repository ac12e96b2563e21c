import { inTime, RedisClient } from '@parley/platform';
import { Inject, Injectable } from '@nestjs/common';

const TTL_SECONDS = 3_600;

/** A question may wait this long for Redis, in ms; the database would have answered several times by then. */
const WAIT_MS = 100;

/** After a failure the cache is left alone for this long, in ms: a Redis that is away costs time on every question. */
const REST_MS = 1_000;

/**
 * Facts that hold for as long as an account is there, kept in Redis beside the database. Redis being away or slow is a
 * miss. What can change is not kept here: a value that is read just before a change and kept just after it would be wrong
 * until it expires.
 */
@Injectable()
export class FactCache {
  private restUntil = 0;

  constructor(@Inject(RedisClient) private readonly redis: Pick<RedisClient, 'get' | 'set'>) {}

  /** In the order of the keys; undefined where nothing is known. */
  async read(keys: readonly string[]): Promise<(string | undefined)[]> {
    const values = await this.unlessAway(() => Promise.all(keys.map((key) => this.redis.get(key))));
    return keys.map((_, index) => values?.[index] ?? undefined);
  }

  /** Never over what is there: that may be the word that the fact is over. */
  async remember(facts: readonly (readonly [key: string, value: string])[]): Promise<void> {
    await this.unlessAway(() =>
      Promise.all(facts.map(([key, value]) => this.redis.set(key, value, 'EX', TTL_SECONDS, 'NX'))),
    );
  }

  /**
   * What is over is not just dropped but replaced, because someone may have read it from the database before and be
   * about to keep it.
   * @throws when Redis has not taken note
   */
  async replace(key: string, value: string): Promise<void> {
    await this.redis.set(key, value, 'EX', TTL_SECONDS);
  }

  private async unlessAway<T>(ask: () => Promise<T>): Promise<T | undefined> {
    if (performance.now() < this.restUntil) return undefined;
    try {
      return await inTime(ask(), WAIT_MS, 'no answer in time');
    } catch {
      this.restUntil = performance.now() + REST_MS;
      return undefined;
    }
  }
}
