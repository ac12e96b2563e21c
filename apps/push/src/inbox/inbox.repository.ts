import { Injectable } from '@nestjs/common';
import { PushInboxEntity, UserDatabase } from '@parley/persistence';
import type { PushInboxEntry, UserId } from '@parley/protocol';
import type { Push } from './inbox.rules.js';

/** Rows in one statement: below the packet size of the database with the longest content. */
const ROWS_PER_STATEMENT = 500;

/** A record may come again this long after it was handled; its entries are what tells that it has been. */
const REPEATED_WITHIN_MINUTES = 10;

@Injectable()
export class InboxRepository {
  constructor(private readonly database: UserDatabase) {}

  /** Which of a part of pushes the inbox holds already. */
  async known(part: readonly Push[]): Promise<Pick<Push, 'userId' | 'id'>[]> {
    const rows = await this.database.source.getRepository(PushInboxEntity).find({
      select: { userId: true, pushId: true },
      where: part.map(({ userId, id }) => ({ userId, pushId: id })),
    });
    return rows.map(({ userId, pushId }) => ({ userId, id: pushId }));
  }

  /** Keeps all of a part of pushes or none, each once: one that is there already stays as it is. */
  async keep(part: readonly Push[]): Promise<void> {
    await this.database.source
      .createQueryBuilder()
      .insert()
      .into(PushInboxEntity)
      .values(part.map(({ id, messageSeqId, ...push }) => ({ ...push, pushId: id, messageSequence: messageSeqId })))
      .orIgnore()
      .updateEntity(false)
      .execute();
  }

  /** The newest entries of one person, newest first. */
  async newest(userId: UserId, limit: number): Promise<PushInboxEntry[]> {
    const rows = await this.database.source.getRepository(PushInboxEntity).find({
      where: { userId },
      order: { createdAt: 'DESC', messageSequence: 'DESC' },
      take: limit,
    });
    return rows.map(({ type, channelId, messageSequence, username, content, createdAt }) => ({
      type,
      channelId,
      messageSeqId: messageSequence,
      username,
      content,
      createdAt: createdAt.toISOString(),
    }));
  }

  /** Those of these people who have more than `entries`. */
  async fullerThan(entries: number, people: readonly UserId[]): Promise<UserId[]> {
    const rows: { user_id: UserId }[] = await this.database.source.query(
      'SELECT user_id FROM push_inbox WHERE user_id IN (?) GROUP BY user_id HAVING COUNT(*) > ?',
      [people, entries],
    );
    return rows.map((row) => row.user_id);
  }

  /**
   * Removes what is older than the newest `entries` of a person, and not quite new. Entries of the same moment stay or
   * go together. @returns how many were removed, and whether none is left that can go once it is older
   */
  async trim(userId: UserId, entries: number): Promise<{ removed: number; isDone: boolean }> {
    const { source } = this.database;
    const [oldestKept]: { created_at: Date }[] = await source.query(
      'SELECT created_at FROM push_inbox WHERE user_id = ? ORDER BY created_at DESC LIMIT 1 OFFSET ?',
      [userId, entries - 1],
    );
    if (oldestKept === undefined) return { removed: 0, isDone: true };
    let removed = 0;
    for (let deleted = ROWS_PER_STATEMENT; deleted === ROWS_PER_STATEMENT; removed += deleted) {
      const { affectedRows }: { affectedRows: number } = await source.query(
        `DELETE FROM push_inbox WHERE user_id = ? AND created_at < ?
         AND created_at < CURRENT_TIMESTAMP - INTERVAL ${REPEATED_WITHIN_MINUTES} MINUTE LIMIT ${ROWS_PER_STATEMENT}`,
        [userId, oldestKept.created_at],
      );
      deleted = affectedRows;
    }
    const tooNew: unknown[] = await source.query(
      'SELECT 1 FROM push_inbox WHERE user_id = ? AND created_at < ? LIMIT 1',
      [userId, oldestKept.created_at],
    );
    return { removed, isDone: tooNew.length === 0 };
  }
}

/** Pushes in parts that one statement takes. */
export function* inParts(pushes: readonly Push[]): Generator<Push[]> {
  for (let from = 0; from < pushes.length; from += ROWS_PER_STATEMENT) {
    yield pushes.slice(from, from + ROWS_PER_STATEMENT);
  }
}
