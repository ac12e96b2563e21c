import { redisKeys } from '@parley/contracts';
import { UserDatabase } from '@parley/persistence';
import { RedisClient } from '@parley/platform';
import type { UserId } from '@parley/protocol';
import { Injectable } from '@nestjs/common';

const TTL_SECONDS = 3_600;

/** Stands in the cache for "there is no such user"; ids are never given twice, so that stays true. */
const NOBODY = '';

/** After a failure the cache is left alone for this long, in ms: a Redis that is away costs time on every question. */
const REST_MS = 1_000;

/** Names of users. A name never changes, so it may be cached; Redis being away is a miss. */
@Injectable()
export class UserDirectory {
  private restUntil = 0;

  constructor(
    private readonly users: UserDatabase,
    private readonly redis: RedisClient,
  ) {}

  /** Users without an account are absent. */
  async names(ids: readonly UserId[]): Promise<Map<UserId, string>> {
    const cached = await Promise.all(ids.map(async (id) => [id, await this.cached(id)] as const));
    const names = new Map<UserId, string>();
    const unknown: UserId[] = [];
    for (const [id, name] of cached) {
      if (name === undefined) unknown.push(id);
      else if (name !== NOBODY) names.set(id, name);
    }
    if (unknown.length === 0) return names;
    const rows: { user_id: UserId; username: string }[] = await this.users.source.query(
      'SELECT user_id, username FROM message_user WHERE user_id IN (?)',
      [unknown],
    );
    for (const row of rows) names.set(row.user_id, row.username);
    await Promise.all(unknown.map((id) => this.remember(id, names.get(id) ?? NOBODY)));
    return names;
  }

  /**
   * The account is gone. Its name is not just dropped but replaced, because someone may have read it from the
   * database before and be about to cache it.
   * @returns whether the cache took note
   */
  async forget(id: UserId): Promise<boolean> {
    try {
      await this.redis.set(redisKeys.usernameOf(id), NOBODY, 'EX', TTL_SECONDS);
      return true;
    } catch {
      return false;
    }
  }

  private async cached(id: UserId): Promise<string | undefined> {
    return (await this.unlessAway(() => this.redis.get(redisKeys.usernameOf(id)))) ?? undefined;
  }

  private async remember(id: UserId, name: string): Promise<void> {
    // Never over what is there: see `forget`.
    await this.unlessAway(() => this.redis.set(redisKeys.usernameOf(id), name, 'EX', TTL_SECONDS, 'NX'));
  }

  private async unlessAway<T>(ask: () => Promise<T>): Promise<T | undefined> {
    if (performance.now() < this.restUntil) return undefined;
    try {
      return await ask();
    } catch {
      this.restUntil = performance.now() + REST_MS;
      return undefined;
    }
  }
}
