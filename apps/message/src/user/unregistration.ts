import { type MembersChanged, messageRelay, type UserUnregistered } from '@parley/contracts';
import { BatchingProducer } from '@parley/kafka';
import { type Transaction, UserDatabase } from '@parley/persistence';
import { ChannelId, type ContactStatus, type UserId } from '@parley/protocol';
import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Deliveries } from '../delivery/deliveries.js';
import { CommandLog } from '../request/command-log.js';
import { UserDirectory } from './user-directory.js';

/** What a round has led to. */
const Cleared = z.object({ isDone: z.boolean(), left: z.array(ChannelId) });

/** Rows that one transaction takes away at most: a statement has little time, and locks what it touches. */
const ROUND_ROWS = 1_000;

interface Partner {
  readonly userId: UserId;
  readonly status: ContactStatus;
}

/**
 * Takes away what an account leaves behind; its messages stay. No command can add to it meanwhile: each locks the
 * asker's account first, and that is gone.
 */
@Injectable()
export class Unregistration {
  constructor(
    private readonly log: CommandLog,
    private readonly users: UserDatabase,
    private readonly directory: UserDirectory,
    @Inject(Deliveries) private readonly deliveries: Pick<Deliveries, 'deliver'>,
    @Inject(BatchingProducer) private readonly producer: Pick<BatchingProducer, 'sendAll'>,
  ) {}

  /**
   * May be repeated from any point. The row in `user_unregistered` goes last: while it is there, the auth service
   * announces the unregistration again now and then. Once it is gone nothing is left to do, and many announcements may
   * still be on their way.
   */
  async run(account: UserUnregistered): Promise<void> {
    const { userId } = account;
    if (!(await this.isPending(userId))) return;
    for (let round = 0; await this.clearSome(account, `unregister-${userId}-${round}`); round++);
    for (let deleted = ROUND_ROWS; deleted === ROUND_ROWS;) {
      const { affectedRows }: { affectedRows: number } = await this.users.source.query(
        `DELETE FROM push_inbox WHERE user_id = ? LIMIT ${ROUND_ROWS}`,
        [userId],
      );
      deleted = affectedRows;
    }
    if (await this.directory.forget(userId)) {
      await this.users.source.query('DELETE FROM user_unregistered WHERE user_id = ?', [userId]);
    }
  }

  private async isPending(userId: UserId): Promise<boolean> {
    const rows: unknown[] = await this.users.source.query('SELECT 1 FROM user_unregistered WHERE user_id = ?', [
      userId,
    ]);
    return rows.length > 0;
  }

  /** Takes away a part of the contacts and memberships, and tells whom it concerns. True while more is left. */
  private async clearSome({ userId, username }: UserUnregistered, request: string): Promise<boolean> {
    /** Only the run that deletes the contacts knows them, so only that one tells them. */
    let partners: Partner[] = [];
    const { isDone, left } = await this.log.once(request, Cleared, async (tx) => {
      partners = await deleteContacts(tx, userId);
      const channels = await deleteMemberships(tx, userId);
      return { isDone: partners.length < ROUND_ROWS && channels.length < ROUND_ROWS, left: channels };
    });
    await this.deliveries.deliver(
      request,
      [],
      [
        { userIds: withStatus(partners, 'ACCEPTED'), frame: { type: 'NOTIFY_DISCONNECT', username } },
        // Whoever made it: an open invitation comes to nothing, as if it had been rejected.
        { userIds: withStatus(partners, 'PENDING'), frame: { type: 'NOTIFY_REJECT', username } },
      ],
    );
    await this.producer.sendAll(
      left.map((channelId) => {
        const record: MembersChanged = {
          kind: 'MEMBERS_CHANGED',
          channelId,
          request,
          joined: [],
          gone: [userId],
          deliveries: [],
          notice: { frame: { type: 'NOTIFY_MEMBER_QUIT', channelId, username } },
        };
        return { topic: messageRelay.name, key: messageRelay.key(record), value: messageRelay.encode(record) };
      }),
    );
    return !isDone;
  }
}

const withStatus = (partners: readonly Partner[], wanted: ContactStatus): UserId[] =>
  partners.filter(({ status }) => status === wanted).map(({ userId }) => userId);

/** Returns with whom the user had anything. */
async function deleteContacts(tx: Transaction, userId: UserId): Promise<Partner[]> {
  const partners: Partner[] = await tx.query(
    `SELECT IF(partner_a_user_id = ?, partner_b_user_id, partner_a_user_id) AS userId, status
     FROM user_connection WHERE partner_a_user_id = ? OR partner_b_user_id = ? LIMIT ${ROUND_ROWS} FOR UPDATE`,
    [userId, userId, userId],
  );
  const contacts = withStatus(partners, 'ACCEPTED');
  if (contacts.length > 0) {
    await tx.query(
      'UPDATE message_user SET connection_count = connection_count - 1 WHERE user_id IN (?) AND connection_count > 0',
      [contacts],
    );
  }
  if (partners.length > 0) {
    await tx.query(
      `DELETE FROM user_connection
       WHERE (partner_a_user_id = ? AND partner_b_user_id IN (?)) OR (partner_b_user_id = ? AND partner_a_user_id IN (?))`,
      [userId, partners.map((partner) => partner.userId), userId, partners.map((partner) => partner.userId)],
    );
  }
  return partners;
}

async function deleteMemberships(tx: Transaction, userId: UserId): Promise<ChannelId[]> {
  const memberships: { channel_id: ChannelId }[] = await tx.query(
    `SELECT channel_id FROM user_channel WHERE user_id = ? ORDER BY channel_id LIMIT ${ROUND_ROWS} FOR UPDATE`,
    [userId],
  );
  const channels = memberships.map((row) => row.channel_id);
  if (channels.length === 0) return [];
  await tx.query('DELETE FROM user_channel WHERE user_id = ? AND channel_id IN (?)', [userId, channels]);
  await tx.query('UPDATE channel SET head_count = head_count - 1 WHERE channel_id IN (?) AND head_count > 0', [
    channels,
  ]);
  return channels;
}
