import { Injectable } from '@nestjs/common';
import { PushInboxEntity, UserDatabase } from '@parley/persistence';
import type { PushInboxEntry, UserId } from '@parley/protocol';
import type { Push } from './inbox.rules.js';

/** Rows in one statement: below the packet size of the database with the longest content. */
const ROWS_PER_STATEMENT = 500;

@Injectable()
export class InboxRepository {
  constructor(private readonly database: UserDatabase) {}

  /** Which of these the inbox holds already. */
  async known(pushes: readonly Push[]): Promise<Pick<Push, 'userId' | 'id'>[]> {
    const known: Pick<Push, 'userId' | 'id'>[] = [];
    for (const part of parts(pushes)) {
      const rows = await this.database.source.getRepository(PushInboxEntity).find({
        select: { userId: true, pushId: true },
        where: part.map(({ userId, id }) => ({ userId, pushId: id })),
      });
      known.push(...rows.map(({ userId, pushId }) => ({ userId, id: pushId })));
    }
    return known;
  }

  /** Keeps every push once: one that is there already stays as it is. */
  async keep(pushes: readonly Push[]): Promise<void> {
    for (const part of parts(pushes)) {
      await this.database.source
        .createQueryBuilder()
        .insert()
        .into(PushInboxEntity)
        .values(part.map(({ id, messageSeqId, ...push }) => ({ ...push, pushId: id, messageSequence: messageSeqId })))
        .orIgnore()
        .updateEntity(false)
        .execute();
    }
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
}

function* parts(pushes: readonly Push[]): Generator<Push[]> {
  for (let from = 0; from < pushes.length; from += ROWS_PER_STATEMENT) {
    yield pushes.slice(from, from + ROWS_PER_STATEMENT);
  }
}
