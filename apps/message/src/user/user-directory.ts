import { redisKeys } from '@parley/contracts';
import { UserDatabase } from '@parley/persistence';
import { UserId } from '@parley/protocol';
import { Injectable } from '@nestjs/common';
import { FactCache } from './fact-cache.js';

/** Stands in the cache for "there is no such user"; ids are never given twice, so that stays true. */
const NOBODY = '';

/** Codes are 32 hex digits; anything else is nobody's, and looking for it would only cost time. */
const INVITE_CODE = /^[0-9a-f]{32}$/;

/**
 * Who is who. Names and invite codes never change, so they may be cached. A name that was given up can be registered by
 * somebody else: a cached id of a name is only where to look first.
 */
@Injectable()
export class UserDirectory {
  constructor(
    private readonly users: UserDatabase,
    private readonly facts: FactCache,
  ) {}

  /** Whoever has this name, in any case and with any accents; the name comes as it was registered. */
  async find(name: string): Promise<{ userId: UserId; username: string } | undefined> {
    const [row]: { user_id: UserId; username: string }[] = await this.users.source.query(
      'SELECT user_id, username FROM message_user WHERE username = ?',
      [name],
    );
    return row === undefined ? undefined : { userId: row.user_id, username: row.username };
  }

  /** Users without an account are absent. */
  async names(ids: readonly UserId[]): Promise<Map<UserId, string>> {
    const cached = await this.facts.read(ids.map((id) => redisKeys.usernameOf(id)));
    const names = new Map<UserId, string>();
    const unknown: UserId[] = [];
    for (const [index, id] of ids.entries()) {
      const name = cached[index];
      if (name === undefined) unknown.push(id);
      else if (name !== NOBODY) names.set(id, name);
    }
    if (unknown.length === 0) return names;
    const rows = await this.users.read('names', (server) =>
      server.query<{ user_id: UserId; username: string }[]>(
        'SELECT user_id, username FROM message_user WHERE user_id IN (?)',
        [unknown],
      ),
    );
    for (const row of rows) names.set(row.user_id, row.username);
    await this.facts.remember(unknown.map((id) => [redisKeys.usernameOf(id), names.get(id) ?? NOBODY]));
    return names;
  }

  /** Undefined for a user without an account. */
  async inviteCodeOf(id: UserId): Promise<string | undefined> {
    const key = redisKeys.inviteCodeOf(id);
    const [cached] = await this.facts.read([key]);
    if (cached !== undefined) return cached === NOBODY ? undefined : cached;
    const [row] = await this.users.read('invite-code', (server) =>
      server.query<{ invite_code: string }[]>('SELECT invite_code FROM message_user WHERE user_id = ?', [id]),
    );
    await this.facts.remember([[key, row?.invite_code ?? NOBODY]]);
    return row?.invite_code;
  }

  /** The name may be somebody else's by now: whoever acts on the answer locks the account, and sees whose name it has. */
  async idByName(name: string): Promise<UserId | undefined> {
    const known = await this.cachedId(redisKeys.userOfName(name));
    if (known !== undefined) return known;
    const found = await this.find(name);
    // Only as it was registered: people could fill Redis with the ways to write one name.
    if (found?.username === name) await this.facts.remember([[redisKeys.userOfName(name), String(found.userId)]]);
    return found?.userId;
  }

  /** The user may have no account any more: whoever acts on the answer locks the account, and sees. */
  async idByInviteCode(code: string): Promise<UserId | undefined> {
    if (!INVITE_CODE.test(code)) return undefined;
    const key = redisKeys.userOfInviteCode(code);
    const known = await this.cachedId(key);
    if (known !== undefined) return known;
    const [row]: { user_id: UserId }[] = await this.users.source.query(
      'SELECT user_id FROM message_user WHERE invite_code = ?',
      [code],
    );
    // A code that is nobody's is not remembered: people could fill Redis with their guesses.
    if (row !== undefined) await this.facts.remember([[key, String(row.user_id)]]);
    return row?.user_id;
  }

  /**
   * The account is gone.
   * @returns whether the cache took note
   */
  async forget(id: UserId): Promise<boolean> {
    try {
      await Promise.all(
        [redisKeys.usernameOf(id), redisKeys.inviteCodeOf(id)].map((key) => this.facts.replace(key, NOBODY)),
      );
      return true;
    } catch {
      return false;
    }
  }

  private async cachedId(key: string): Promise<UserId | undefined> {
    const [cached] = await this.facts.read([key]);
    return UserId.safeParse(Number(cached)).data;
  }
}
