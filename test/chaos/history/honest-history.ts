import { check } from './checker.js';
import type { Entry, EntryOf, Evidence, Tables } from './entries.js';
import type { Rule } from './violation.js';

export const CHANNEL = 7;
export const by = (device: string) => ({ device, user: device.split('/')[0] ?? '' });

export interface Editable {
  log: Entry[];
  tables: { -readonly [K in keyof Tables]: Tables[K][number][] };
}

/**
 * ann and bob talk in a channel; ann repeats a message on her other device, bob is cut off and comes back, carl joins,
 * reads, and quits. In the end both members scroll through it on every device. dora is a member as well, and looks at
 * nothing until then. ann and bob end their contact, ann and dora make one; ann logs in and out elsewhere. Each promise is
 * kept.
 */
export function honest(): Editable {
  const log: Entry[] = [{ kind: 'channel', t: 0, channel: CHANNEL, shard: 1, members: ['ann', 'bob', 'dora'] }];
  const message = (seq: number, author: string) => ({ seq, author, content: `text ${seq}` });
  const write = (t: number, device: string, serial: number): Entry => ({
    kind: 'write',
    t,
    ...by(device),
    channel: CHANNEL,
    serial,
    content: `text ${serial}`,
  });
  const shown = (t: number, device: string, seq: number, author: string): Entry => ({
    kind: 'shown',
    t,
    ...by(device),
    channel: CHANNEL,
    ...message(seq, author),
  });
  const frame = (t: number, device: string, seq: number, author: string): Entry => ({
    kind: 'frame',
    t,
    ...by(device),
    channel: CHANNEL,
    ...message(seq, author),
  });
  const scrolled = (t: number, device: string, ...messages: ReturnType<typeof message>[]): Entry => ({
    kind: 'scrolled',
    t,
    ...by(device),
    channel: CHANNEL,
    messages,
  });
  const contact = (t: number, device: string, other: string, state: EntryOf<'contact'>['state']): Entry => ({
    kind: 'contact',
    t,
    ...by(device),
    other,
    state,
  });
  const rest = (t: number, about: EntryOf<'rest'>['about'], outcome: EntryOf<'rest'>['outcome']): Entry => ({
    kind: 'rest',
    t,
    ...by('ann/1'),
    about,
    session: 1,
    outcome,
    text: '',
  });
  const ack = (t: number, device: string, serial: number): Entry => ({
    kind: 'ack',
    t,
    ...by(device),
    serial,
    seq: serial,
  });
  log.push(
    { kind: 'entered', t: 10, ...by('bob/1'), channel: CHANNEL, asked: 5, lastRead: 0 },
    { kind: 'screen', t: 10, ...by('bob/1'), channel: CHANNEL, from: 1 },
    { kind: 'screen', t: 11, ...by('ann/1'), channel: CHANNEL, from: 1 },
    write(20, 'ann/1', 1),
    ack(30, 'ann/1', 1),
    shown(30, 'ann/1', 1, 'ann'),
    frame(31, 'bob/1', 1, 'ann'),
    shown(31, 'bob/1', 1, 'ann'),
    write(40, 'ann/2', 1),
    ack(45, 'ann/2', 1),
    { kind: 'link', t: 50, ...by('bob/1'), state: 'lost' },
    { kind: 'asks', t: 51, ...by('carl/1'), op: 1, channel: CHANNEL, change: 'join' },
    { kind: 'told', t: 55, ...by('carl/1'), op: 1, member: 'in' },
    write(60, 'ann/1', 2),
    ack(70, 'ann/1', 2),
    shown(70, 'ann/1', 2, 'ann'),
    frame(71, 'carl/1', 2, 'ann'),
    { kind: 'asks', t: 80, ...by('carl/1'), op: 2, channel: CHANNEL, change: 'quit' },
    { kind: 'told', t: 85, ...by('carl/1'), op: 2, member: 'out' },
    { kind: 'entered', t: 90, ...by('bob/1'), channel: CHANNEL, asked: 86, lastRead: 1 },
    shown(91, 'bob/1', 2, 'ann'),
    write(100, 'bob/1', 3),
    { kind: 'failed', t: 105, ...by('bob/1'), serial: 3, why: 'timeout', text: 'Send message failed.' },
    write(106, 'bob/1', 3),
    ack(110, 'bob/1', 3),
    shown(110, 'bob/1', 3, 'bob'),
    frame(111, 'ann/1', 3, 'bob'),
    shown(111, 'ann/1', 3, 'bob'),
    {
      kind: 'fetched',
      t: 130,
      ...by('ann/2'),
      channel: CHANNEL,
      asked: 120,
      messages: [message(1, 'ann'), message(2, 'ann'), message(3, 'bob')],
    },
    contact(131, 'ann/1', 'bob', 'unsure'),
    contact(132, 'ann/1', 'bob', 'apart'),
    contact(133, 'ann/1', 'dora', 'unsure'),
    contact(134, 'ann/1', 'dora', 'connected'),
    rest(135, 'login', 'done'),
    rest(136, 'inbox', 'done'),
    rest(137, 'logout', 'done'),
    rest(138, 'inbox', 'refused'),
    scrolled(140, 'ann/1'),
    { kind: 'screen', t: 141, ...by('ann/2'), channel: CHANNEL, from: 4 },
    scrolled(142, 'ann/2', message(1, 'ann'), message(2, 'ann'), message(3, 'bob')),
    scrolled(143, 'bob/1'),
    { kind: 'entered', t: 145, ...by('dora/1'), channel: CHANNEL, asked: 144, lastRead: 0 },
    { kind: 'screen', t: 145, ...by('dora/1'), channel: CHANNEL, from: 3 },
    shown(146, 'dora/1', 3, 'bob'),
    scrolled(147, 'dora/1', message(1, 'ann'), message(2, 'ann')),
  );
  return {
    log,
    tables: {
      rows: [message(1, 'ann'), message(2, 'ann'), message(3, 'bob')].map((row) => ({
        ...row,
        channel: CHANNEL,
        shard: 1,
      })),
      channels: [{ channel: CHANNEL, shard: 1, headCount: 3 }],
      memberships: [
        { user: 'ann', channel: CHANNEL, lastRead: 3 },
        { user: 'bob', channel: CHANNEL, lastRead: 3 },
        { user: 'dora', channel: CHANNEL, lastRead: 3 },
      ],
      accounts: [
        { user: 'ann', contactCount: 1 },
        { user: 'bob', contactCount: 0 },
        { user: 'carl', contactCount: 0 },
        { user: 'dora', contactCount: 1 },
      ],
      accepted: [['ann', 'dora']],
      pushes: [1, 2, 3].map((seq) => ({ user: 'dora', channel: CHANNEL, seq })),
    },
  };
}

export const rulesBroken = (evidence: Evidence): Rule[] => [...new Set(check(evidence).map(({ rule }) => rule))];

export const isShown =
  (device: string, seq: number) =>
  (entry: Entry): boolean =>
    entry.kind === 'shown' && entry.device === device && entry.seq === seq;

/** Replaces the first entry that fits; a test that edits nothing would prove nothing. */
export function edit(history: Editable, fits: (entry: Entry) => boolean, replace: (entry: Entry) => Entry[]): void {
  const at = history.log.findIndex(fits);
  const found = history.log[at];
  if (found === undefined) throw new Error('The history has no such entry');
  history.log.splice(at, 1, ...replace(found));
}

export const isKind =
  <K extends Entry['kind']>(kind: K, fits: (entry: EntryOf<K>) => boolean = () => true) =>
  (entry: Entry): boolean =>
    entry.kind === kind && fits(entry as EntryOf<K>);

export const row = (history: Editable, seq: number) => {
  const found = history.tables.rows.find((each) => each.seq === seq);
  if (!found) throw new Error(`The history has no row ${seq}`);
  return found;
};

/** What breaks a promise, the rule that says so, and how it is done to an honest history. */
export type Breach = readonly [what: string, rule: Rule, breakIt: (history: Editable) => void];

export function expectFound(rule: Rule, breakIt: Breach[2]): void {
  const history = honest();
  breakIt(history);
  expect(rulesBroken(history)).toContain(rule);
}
