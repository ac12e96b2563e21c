import { type Entry, type Evidence, ofKind } from './entries.js';
import { Memberships } from './membership.js';
import { sendings } from './sendings.js';
import type { Violation } from './violation.js';

/** Contacts in the database against what people were told, for pairs of whom every command had its answer. */
export function* checkContacts({ log, tables }: Evidence): Generator<Violation> {
  const stored = new Set(tables.accepted.flatMap(([a, b]) => [`${a} ${b}`, `${b} ${a}`]));
  for (const [pair, changes] of Map.groupBy(ofKind(log, 'contact'), ({ user, other }) => `${user} ${other}`)) {
    // What had no answer may yet be carried out, after what was asked later.
    const isSure = changes.every(({ state }, index) => state !== 'unsure' || hasAnswer(changes[index + 1]));
    const told = changes.at(-1)?.state;
    if (!isSure || (told === 'connected') === stored.has(pair)) continue;
    yield { rule: 'contacts', text: `${pair} were told to be ${told}, which is not so` };
  }
}

const hasAnswer = (next: { readonly state: string } | undefined): boolean =>
  next !== undefined && next.state !== 'unsure';

/** Sessions may be lost with Redis; but none comes back, and the right password gives another one. */
export function* checkSessions({ log }: Evidence): Generator<Violation> {
  const ended = new Set<number>();
  for (const { device, about, session, outcome, text, t } of ofKind(log, 'rest')) {
    if (about === 'login' && outcome === 'refused') {
      yield { rule: 'sessions', text: `${device} was not let in at ${t} ms: ${text}` };
    }
    if (about === 'logout' && outcome === 'done') ended.add(session);
    if (about === 'inbox' && outcome === 'done' && ended.has(session)) {
      yield { rule: 'sessions', text: `${device} read its inbox at ${t} ms with a session that was logged out` };
    }
  }
}

/** When a user may have had a channel on a screen: from asking to enter it until another one is entered there. */
function viewings(log: readonly Entry[]): Map<string, { readonly from: number; to: number }[]> {
  const all = new Map<string, { readonly from: number; to: number }[]>();
  const open = new Map<string, { readonly channel: number; readonly viewing: { to: number } }>();
  for (const { t, asked, device, user, channel } of ofKind(log, 'entered')) {
    const shown = open.get(device);
    if (shown?.channel === channel) continue;
    if (shown) shown.viewing.to = t;
    const viewing = { from: asked, to: Infinity };
    open.set(device, { channel, viewing });
    all.set(`${channel} ${user}`, [...(all.get(`${channel} ${user}`) ?? []), viewing]);
  }
  return all;
}

/**
 * The inboxes of push. Who certainly had a channel on no screen while a message was sent and acknowledged, and got no
 * frame of it, has it there; who may have had it on one may have it there as well.
 */
export function* checkPushes({ log, tables }: Evidence): Generator<Violation> {
  const memberships = new Memberships(log);
  const authors = new Map(tables.rows.map((row) => [`${row.channel} ${row.seq}`, row.author]));
  const found = new Set<string>();
  for (const { user, channel, seq } of tables.pushes) {
    const push = `${user} ${channel} ${seq}`;
    const what = `${seq} of channel ${channel} was pushed to ${user}`;
    if (found.has(push)) yield { rule: 'pushes', text: `${what} twice` };
    found.add(push);
    const author = authors.get(`${channel} ${seq}`);
    if (author === undefined) yield { rule: 'pushes', text: `${what} and is not stored` };
    if (author === user) yield { rule: 'pushes', text: `${what}, who wrote it` };
    if (!memberships.mayHaveBeen(user, channel, -Infinity, Infinity)) {
      yield { rule: 'pushes', text: `${what}, who is no member` };
    }
  }
  const seen = viewings(log);
  for (const { user, channel, seq } of ofKind(log, 'frame')) found.add(`${user} ${channel} ${seq}`);
  const all = sendings(log);
  for (const [channel, rows] of Map.groupBy(tables.rows, (row) => row.channel)) {
    for (const user of memberships.alwaysIn(channel)) {
      const viewed = seen.get(`${channel} ${user}`) ?? [];
      for (const { seq, author, content } of rows) {
        const { sent, acked } = all.get(content) ?? { sent: 0, acked: Infinity };
        const mayHaveLooked = viewed.some(({ from, to }) => from <= acked && to >= sent);
        if (user === author || mayHaveLooked || found.has(`${user} ${channel} ${seq}`)) continue;
        yield { rule: 'pushes', text: `${seq} of channel ${channel} is not in the inbox of ${user}` };
      }
    }
  }
}
