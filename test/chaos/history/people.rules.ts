import { type Entry, type EntryOf, type Evidence, ofKind } from './entries.js';
import { Memberships } from './membership.js';
import type { Violation } from './violation.js';

const lastSequences = ({ tables }: Evidence): Map<number, number> => {
  const last = new Map<number, number>();
  for (const { channel, seq } of tables.rows) last.set(channel, Math.max(last.get(channel) ?? 0, seq));
  return last;
};

/** Each device's screens: from their first sequence on without a repetition or a hole; the open ones reach the end. */
export function* checkScreens(evidence: Evidence): Generator<Violation> {
  const last = lastSequences(evidence);
  const memberships = new Memberships(evidence.log);
  const open = new Map<string, { readonly user: string; readonly channel: number; next: number }>();
  for (const entry of evidence.log) {
    if (entry.kind === 'blank') open.delete(entry.device);
    if (entry.kind === 'screen') {
      const screen = open.get(entry.device);
      // Entering the channel on the screen again goes on where it was.
      if (screen?.channel === entry.channel && screen.next !== entry.from) {
        const text = `${entry.device}, channel ${entry.channel}: goes on with ${entry.from} in place of ${screen.next}`;
        yield { rule: 'screens', text };
      }
      open.set(entry.device, { user: entry.user, channel: entry.channel, next: entry.from });
    }
    if (entry.kind === 'shown') {
      const screen = open.get(entry.device);
      if (screen?.channel !== entry.channel || screen.next !== entry.seq) {
        const due = screen === undefined ? 'nothing' : `${screen.next} of channel ${screen.channel}`;
        yield {
          rule: 'screens',
          text: `${entry.device} shows ${entry.seq} of channel ${entry.channel} in place of ${due}`,
        };
      }
      if (screen) screen.next = entry.seq + 1;
    }
  }
  for (const [device, { user, channel, next }] of open) {
    const end = last.get(channel) ?? 0;
    // Who quits on one device keeps the old screen on another.
    if (next <= end && memberships.final(user, channel) === 'in')
      yield { rule: 'screens', text: `${device}, channel ${channel}: ends before ${next} of ${end}` };
  }
}

/** What was true before somebody came back may arrive for so long, in milliseconds. */
const OLD_NEWS_MS = 15_000;

/** Who has been a member for long enough is not put out of a channel, whatever may be away. */
export function* checkStays({ log }: Evidence): Generator<Violation> {
  const memberships = new Memberships(log);
  for (const { t, user, device, channel, reason } of ofKind(log, 'removed')) {
    if (memberships.wasThroughout(user, channel, t - OLD_NEWS_MS, t))
      yield { rule: 'membersStay', text: `${device} was put out of channel ${channel} at ${t} ms: ${reason}` };
  }
}

/** Nothing for those who were not members when it was written, sent and seen. */
export function* checkSight({ log }: Evidence): Generator<Violation> {
  const memberships = new Memberships(log);
  const firstSent = new Map<string, number>();
  for (const { content, t } of ofKind(log, 'write')) if (!firstSent.has(content)) firstSent.set(content, t);
  const foreign = ({ t, user, device, channel, content, seq }: EntryOf<'frame' | 'shown'>): Violation | undefined =>
    memberships.mayHaveBeen(user, channel, Math.min(firstSent.get(content) ?? t, t), t)
      ? undefined
      : { rule: 'outsidersSeeNothing', text: `${device} saw ${seq} of channel ${channel} at ${t} ms` };
  for (const entry of log) {
    if (entry.kind === 'frame' || entry.kind === 'shown') {
      const violation = foreign(entry);
      if (violation) yield violation;
    }
    if (entry.kind === 'fetched' && entry.messages.length > 0) {
      const { user, device, channel, asked, t } = entry;
      if (!memberships.mayHaveBeen(user, channel, asked, t)) {
        yield { rule: 'outsidersSeeNothing', text: `${device} fetched from channel ${channel} at ${t} ms` };
      }
    }
  }
}

/**
 * All messages for those who are members to the end. In the end each of them scrolls through each channel, on one device
 * or on all: on those, the SDK has shown every message, when it came or when it was scrolled to.
 */
export function* checkVision(evidence: Evidence): Generator<Violation> {
  const { log } = evidence;
  const memberships = new Memberships(log);
  const last = lastSequences(evidence);
  const seen = new Map<string, Set<number>>();
  const see = (device: string, channel: number, ...sequences: number[]): void => {
    const key = `${channel} ${device}`;
    const had = seen.get(key) ?? new Set();
    for (const seq of sequences) had.add(seq);
    seen.set(key, had);
  };
  for (const entry of log) {
    if (entry.kind === 'shown') see(entry.device, entry.channel, entry.seq);
    if (entry.kind === 'scrolled') see(entry.device, entry.channel, ...entry.messages.map(({ seq }) => seq));
  }
  const scrolled = Map.groupBy(ofKind(log, 'scrolled'), ({ user, channel }) => `${channel} ${user}`);
  for (const { user, channel } of memberships.pairs()) {
    if (memberships.final(user, channel) !== 'in') continue;
    const devices = new Set((scrolled.get(`${channel} ${user}`) ?? []).map(({ device }) => device));
    if (devices.size === 0) yield { rule: 'membersSeeAll', text: `${user} could not read channel ${channel}` };
    for (const device of devices) {
      const had = seen.get(`${channel} ${device}`) ?? new Set();
      const missed = Array.from({ length: last.get(channel) ?? 0 }, (_, index) => index + 1).filter(
        (seq) => !had.has(seq),
      );
      if (missed.length === 0) continue;
      const text = `${device} has not shown ${missed.length} messages of channel ${channel}: ${missed.slice(0, 5).join(', ')}`;
      yield { rule: 'membersSeeAll', text };
    }
  }
}

/** A position that was answered is a lower bound for all later answers and for the row at the end. */
export function* checkReadPositions({ log, tables }: Evidence): Generator<Violation> {
  const memberships = new Memberships(log);
  const answers = Map.groupBy(ofKind(log, 'entered'), ({ user, channel }) => `${channel} ${user}`);
  const rows = new Map(tables.memberships.map((row) => [`${row.channel} ${row.user}`, row]));
  for (const [key, entered] of answers) {
    for (const [index, later] of entered.entries()) {
      const earlier = entered
        .slice(0, index)
        .findLast(({ t, lastRead }) => t <= later.asked && lastRead > later.lastRead);
      if (!earlier || memberships.changedBetween(later.user, later.channel, earlier.t, later.t)) continue;
      const text = `${later.user}, channel ${later.channel}: ${later.lastRead} at ${later.t} ms after ${earlier.lastRead} at ${earlier.t} ms`;
      yield { rule: 'readPositions', text };
    }
    const newest = entered.reduce((a, b) => (b.lastRead > a.lastRead ? b : a));
    const row = rows.get(key);
    if (!row || row.lastRead >= newest.lastRead) continue;
    if (memberships.changedBetween(newest.user, newest.channel, newest.t, Infinity)) continue;
    const text = `${newest.user}, channel ${newest.channel}: ${row.lastRead} is stored, ${newest.lastRead} was answered`;
    yield { rule: 'readPositions', text };
  }
}

/** Counters and memberships in the database, against each other and against what people were told. */
export function* checkTables({ log, tables }: Evidence): Generator<Violation> {
  const counted = Map.groupBy(tables.memberships, (row) => row.channel);
  for (const { channel, headCount } of tables.channels) {
    const members = counted.get(channel)?.length ?? 0;
    if (members === headCount) continue;
    yield { rule: 'headCounts', text: `channel ${channel} counts ${headCount} heads and has ${members} members` };
  }
  for (const { user, contactCount } of tables.accounts) {
    const accepted = tables.accepted.filter((pair) => pair.includes(user)).length;
    if (accepted === contactCount) continue;
    yield { rule: 'contactCounts', text: `${user} counts ${contactCount} contacts and has ${accepted}` };
  }
  yield* checkMemberships(log, tables);
}

function* checkMemberships(log: readonly Entry[], tables: Evidence['tables']): Generator<Violation> {
  const memberships = new Memberships(log);
  const stored = new Set(tables.memberships.map(({ channel, user }) => `${channel} ${user}`));
  for (const { user, channel } of memberships.pairs()) {
    const told = memberships.final(user, channel);
    if (told === 'unsure' || (told === 'in') === stored.has(`${channel} ${user}`)) continue;
    yield { rule: 'membership', text: `${user} was told to be ${told} channel ${channel}, which is not so` };
  }
}

/** Within this time a client finds out that its server has stopped answering altogether. */
const NOTICED_WITHIN_MS = 10_000;

/**
 * Every request has its answer, if only an ERROR, while its server lives. One that stands still can give none: its client
 * takes the connection for dead soon after, and a step that waits for several devices of its user fails with any of them.
 */
export function* checkSilence({ log }: Evidence): Generator<Violation> {
  const dead = ofKind(log, 'link').filter(({ state }) => state.endsWith('No answer'));
  for (const { device, user, about, t } of ofKind(log, 'silence')) {
    if (dead.some((lost) => lost.user === user && Math.abs(lost.t - t) < NOTICED_WITHIN_MS)) continue;
    yield { rule: 'answers', text: `${device} had no answer to ${about}, given up at ${t} ms` };
  }
}
