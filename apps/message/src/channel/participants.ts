import type { Transaction } from '@parley/persistence';
import type { UserId } from '@parley/protocol';

/** Ids of the users that exist under these names, ascending; a name in another case or named twice is the same user. */
export async function idsByNames(tx: Transaction, names: readonly string[]): Promise<UserId[]> {
  if (names.length === 0) return [];
  const rows: { user_id: UserId }[] = await tx.query(
    'SELECT user_id FROM message_user WHERE username IN (?) ORDER BY user_id',
    [names],
  );
  return rows.map((row) => row.user_id);
}

/**
 * Keeps accounts from going while memberships are added to them; the lower id first, as everyone locks them.
 * Returns those that are still there.
 */
export async function holdAccounts(tx: Transaction, ids: readonly UserId[]): Promise<Set<UserId>> {
  const rows: { user_id: UserId }[] = await tx.query(
    'SELECT user_id FROM message_user WHERE user_id IN (?) ORDER BY user_id LOCK IN SHARE MODE',
    [ids],
  );
  return new Set(rows.map((row) => row.user_id));
}

/** Which of these users are accepted contacts. */
export async function contactsAmong(tx: Transaction, userId: UserId, others: readonly UserId[]): Promise<Set<UserId>> {
  const rows: { partner: UserId }[] = await tx.query(
    `SELECT partner_b_user_id AS partner FROM user_connection
     WHERE partner_a_user_id = ? AND partner_b_user_id IN (?) AND status = 'ACCEPTED'
     UNION ALL SELECT partner_a_user_id FROM user_connection
     WHERE partner_b_user_id = ? AND partner_a_user_id IN (?) AND status = 'ACCEPTED'`,
    [userId, others, userId, others],
  );
  return new Set(rows.map((row) => row.partner));
}
