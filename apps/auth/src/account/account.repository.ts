import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AccountEntity, isDuplicate, UnregisteredAccountEntity, UserDatabase } from '@parley/persistence';
import type { UserId } from '@parley/protocol';

export interface Account {
  readonly userId: UserId;
  readonly username: string;
  readonly passwordHash: string;
}

export interface NewAccount {
  readonly username: string;
  readonly passwordHash: string;
  readonly inviteCode: string;
}

/** An account that is gone. */
export type RemovedAccount = Pick<Account, 'userId' | 'username'>;

const NAME_CHARACTERS = 64;
/** By the empty first half, the name is weighed by the collation of the column. */
const IDENTITY = `
  SELECT HEX(WEIGHT_STRING(username)) AS weight
  FROM (SELECT username FROM message_user WHERE FALSE UNION ALL SELECT ?) AS asked`;

/** Accounts, always as the source has them: a name or password that was just changed must count at once. */
@Injectable()
export class AccountRepository {
  constructor(private readonly database: UserDatabase) {}

  /** False if the name is taken. The unique key decides, so two people cannot get one name at the same moment. */
  async add({ username, passwordHash, inviteCode }: NewAccount): Promise<boolean> {
    try {
      const accounts = this.database.source.getRepository(AccountEntity);
      await accounts.insert({ username, password: passwordHash, inviteCode, contactCount: 0 });
      return true;
    } catch (error) {
      if (isDuplicate(error) === 'username') return false;
      throw error;
    }
  }

  /** Case and accents do not matter: the database compares. */
  async findByName(username: string): Promise<Account | undefined> {
    const account = await this.database.source.getRepository(AccountEntity).findOneBy({ username });
    return account === null
      ? undefined
      : { userId: account.userId, username: account.username, passwordHash: account.password };
  }

  /**
   * Equal for all spellings that {@link findByName} and the unique key take for one name, whether or not there is such an
   * account. Of text that is too long for a name the beginning counts.
   */
  async identityOf(username: string): Promise<string> {
    const [row] = await this.database.source.query<{ weight: string }[]>(IDENTITY, [
      username.slice(0, NAME_CHARACTERS),
    ]);
    if (row === undefined) throw new Error('the database does not say how it compares a name');
    return createHash('sha256').update(row.weight).digest('hex');
  }

  exists(userId: UserId): Promise<boolean> {
    return this.database.source.getRepository(AccountEntity).existsBy({ userId });
  }

  /** Deletes the account and notes in the same transaction that what belongs to it has to follow. */
  remove(userId: UserId): Promise<RemovedAccount | undefined> {
    return this.database.source.transaction(async (tx) => {
      const account = await tx.findOne(AccountEntity, { where: { userId }, lock: { mode: 'pessimistic_write' } });
      if (account === null) return undefined;
      const { username } = account;
      await tx.delete(AccountEntity, { userId });
      await tx.insert(UnregisteredAccountEntity, { userId, username });
      return { userId, username };
    });
  }

  /** Accounts that went before this moment and still have something left behind. */
  removedBefore(moment: Date, limit: number): Promise<RemovedAccount[]> {
    return this.database.source
      .getRepository(UnregisteredAccountEntity)
      .createQueryBuilder('gone')
      .where('gone.createdAt < :moment', { moment })
      .orderBy('gone.createdAt')
      .limit(limit)
      .getMany();
  }
}
