import { type Transaction, UserDatabase } from '@parley/persistence';
import { type ContactStatus, LIMITS, type UserId } from '@parley/protocol';
import { Injectable } from '@nestjs/common';
import { Limits } from '../user/limits.js';
import type { Contact, ContactCase, ContactChange, Party } from './contact.rules.js';

/** However long they are, so many names fit into one record; pending invitations have no limit of their own. */
const FITTING = 8_000;

@Injectable()
export class ContactRepository {
  /** A longer list shows its first names only. A limit that was lowered takes no contact out of it. */
  private readonly listed: number;

  constructor(
    private readonly users: UserDatabase,
    limits: Limits,
  ) {
    this.listed = Math.min(Math.max(limits.contacts, LIMITS.contacts), FITTING);
  }

  /**
   * ACCEPTED lists both directions, any other status only what others asked of this user. By name. May be slightly old
   * while the source is away.
   */
  async list(userId: UserId, status: ContactStatus): Promise<{ username: string; status: ContactStatus }[]> {
    if (status === 'NONE') return [];
    const invitedByOthers = status === 'ACCEPTED' ? '' : 'AND c.inviter_user_id <> ?';
    const side = (own: string, other: string): string =>
      `SELECT u.username, c.status FROM user_connection c JOIN message_user u ON u.user_id = c.${other}
       WHERE c.${own} = ? AND c.status = ? ${invitedByOthers}`;
    const parameters = status === 'ACCEPTED' ? [userId, status] : [userId, status, userId];
    return this.users.read(
      'contacts',
      (server) =>
        server.query(
          `${side('partner_a_user_id', 'partner_b_user_id')} UNION ALL ${side('partner_b_user_id', 'partner_a_user_id')}
           ORDER BY username LIMIT ?`,
          [...parameters, ...parameters, this.listed],
        ),
      { mayBeOld: true },
    );
  }

  async idByName(tx: Transaction, username: string): Promise<UserId | undefined> {
    const [row]: { user_id: UserId }[] = await tx.query('SELECT user_id FROM message_user WHERE username = ?', [
      username,
    ]);
    return row?.user_id;
  }

  /**
   * Locks both accounts, the lower id first as everyone does, and reads all that a rule needs. Whoever holds these
   * locks is the only one to change this contact and these counts. Undefined if the asker has no account any more.
   */
  async lock(tx: Transaction, askerId: UserId, partnerId: UserId | undefined): Promise<ContactCase | undefined> {
    const parties: Party[] = await tx.query(
      `SELECT user_id AS id, username AS name, connection_count AS contacts FROM message_user
       WHERE user_id IN (?) ORDER BY user_id FOR UPDATE`,
      [[askerId, partnerId ?? askerId]],
    );
    const asker = parties.find(({ id }) => id === askerId);
    if (asker === undefined) return undefined;
    const partner = parties.find(({ id }) => id === partnerId);
    return { asker, partner, contact: await this.between(tx, asker, partner) };
  }

  async change(tx: Transaction, asker: Party, { partner, status, inviter, contacts }: ContactChange): Promise<void> {
    const [low, high] = pairOf(asker, partner);
    await tx.query(
      `INSERT INTO user_connection (partner_a_user_id, partner_b_user_id, status, inviter_user_id) VALUES (?)
       ON DUPLICATE KEY UPDATE status = ?, inviter_user_id = ?`,
      [[low, high, status, inviter], status, inviter],
    );
    if (contacts === 0) return;
    await tx.query('UPDATE message_user SET connection_count = connection_count + ? WHERE user_id IN (?)', [
      contacts,
      [low, high],
    ]);
  }

  private async between(tx: Transaction, asker: Party, partner: Party | undefined): Promise<Contact> {
    if (partner === undefined) return { status: 'NONE' };
    const rows: Contact[] = await tx.query(
      `SELECT status, inviter_user_id AS inviter FROM user_connection
       WHERE partner_a_user_id = ? AND partner_b_user_id = ?`,
      pairOf(asker, partner),
    );
    return rows[0] ?? { status: 'NONE' };
  }
}

const pairOf = (a: Party, b: Party): [low: UserId, high: UserId] => (a.id < b.id ? [a.id, b.id] : [b.id, a.id]);
