import { check } from './checker.js';
import type { Entry, EntryOf, Evidence, Tables } from './entries.js';
import type { Rule } from './violation.js';

const CHANNEL = 7;
const by = (device: string) => ({ device, user: device.split('/')[0] ?? '' });

interface Editable {
  log: Entry[];
  tables: { -readonly [K in keyof Tables]: Tables[K][number][] };
}

/**
 * ann and bob talk in a channel; ann repeats a message on her other device, bob is cut off and comes back, carl joins,
 * reads, and quits. In the end both members scroll through it on every device. dora is a member as well, and looks at
 * nothing until then. ann and bob end their contact, ann and dora make one; ann logs in and out elsewhere. Each promise is
 * kept.
 */
function honest(): Editable {
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

const rulesBroken = (evidence: Evidence): Rule[] => [...new Set(check(evidence).map(({ rule }) => rule))];

const isShown =
  (device: string, seq: number) =>
  (entry: Entry): boolean =>
    entry.kind === 'shown' && entry.device === device && entry.seq === seq;

/** Replaces the first entry that fits; a test that edits nothing would prove nothing. */
function edit(history: Editable, fits: (entry: Entry) => boolean, replace: (entry: Entry) => Entry[]): void {
  const at = history.log.findIndex(fits);
  const found = history.log[at];
  if (found === undefined) throw new Error('The history has no such entry');
  history.log.splice(at, 1, ...replace(found));
}

const isKind =
  <K extends Entry['kind']>(kind: K, fits: (entry: EntryOf<K>) => boolean = () => true) =>
  (entry: Entry): boolean =>
    entry.kind === kind && fits(entry as EntryOf<K>);

const row = (history: Editable, seq: number) => {
  const found = history.tables.rows.find((each) => each.seq === seq);
  if (!found) throw new Error(`The history has no row ${seq}`);
  return found;
};

describe('the checker', () => {
  it('finds nothing wrong with an honest history', () => {
    expect(check(honest())).toEqual([]);
  });

  it.each<[string, Rule, (history: Editable) => void]>([
    [
      'an acknowledged message that is lost',
      'ackedIsStoredOnce',
      ({ tables }) => {
        tables.rows = tables.rows.filter(({ seq }) => seq !== 3);
      },
    ],
    [
      'a message that is stored a second time, under the next sequence',
      'storedWasSent',
      ({ tables }) => {
        tables.rows.push({ channel: CHANNEL, shard: 1, seq: 4, author: 'bob', content: 'text 3' });
      },
    ],
    [
      'a message that is stored on both shards',
      'ackedIsStoredOnce',
      ({ tables }) => {
        tables.rows.push({ channel: CHANNEL, shard: 2, seq: 3, author: 'bob', content: 'text 3' });
      },
    ],
    [
      'two messages that are swapped in the database',
      'ackedIsStoredOnce',
      (history) => {
        history.tables.rows = history.tables.rows.map((each) =>
          each.seq === 1 ? each : { ...each, seq: 5 - each.seq },
        );
      },
    ],
    [
      'a stored message that nobody sent',
      'storedWasSent',
      ({ tables }) => {
        tables.rows.push({ channel: CHANNEL, shard: 1, seq: 4, author: 'bob', content: 'made up' });
      },
    ],
    [
      'a message stored in a channel it was not sent to',
      'storedWasSent',
      (history) => {
        history.tables.rows = history.tables.rows.map((each) =>
          each.seq === 3 ? { ...each, channel: 8, seq: 1 } : each,
        );
      },
    ],
    [
      'a gap',
      'noGaps',
      (history) => {
        history.tables.rows = history.tables.rows.map((each) => (each.seq === 3 ? { ...each, seq: 4 } : each));
      },
    ],
    [
      'a wrong author in the database',
      'storedWasSent',
      (history) => {
        history.tables.rows = [
          ...history.tables.rows.filter(({ seq }) => seq !== 2),
          { ...row(history, 2), author: 'bob' },
        ];
      },
    ],
    [
      'a wrong author in a frame',
      'agreement',
      (history) => edit(history, isKind('frame'), (entry) => [{ ...(entry as EntryOf<'frame'>), author: 'bob' }]),
    ],
    [
      'a wrong text in the history that was fetched',
      'agreement',
      (history) =>
        edit(history, isKind('fetched'), (entry) => {
          const fetched = entry as EntryOf<'fetched'>;
          return [{ ...fetched, messages: fetched.messages.map((each) => ({ ...each, content: 'text 2' })) }];
        }),
    ],
    [
      'an acknowledgement with another sequence than the row',
      'ackedIsStoredOnce',
      (history) => edit(history, isKind('ack'), (entry) => [{ ...(entry as EntryOf<'ack'>), seq: 2 }]),
    ],
    [
      'a retry that is acknowledged with a sequence of its own',
      'ackedIsStoredOnce',
      (history) =>
        edit(
          history,
          isKind('ack', ({ device }) => device === 'ann/2'),
          (entry) => [{ ...(entry as EntryOf<'ack'>), seq: 4 }],
        ),
    ],
    [
      'a later message that stands before an earlier one',
      'order',
      (history) =>
        edit(history, isKind('channel'), (entry) => [
          entry,
          { kind: 'write', t: 1, ...by('bob/1'), channel: CHANNEL, serial: 3, content: 'text 3' },
          { kind: 'ack', t: 2, ...by('bob/1'), serial: 3, seq: 3 },
        ]),
    ],
    ['a message that is missing on a screen', 'screens', (history) => edit(history, isShown('bob/1', 2), () => [])],
    [
      'a message that is shown twice',
      'screens',
      (history) => edit(history, isShown('bob/1', 2), (entry) => [entry, entry]),
    ],
    [
      'messages that are shown in the wrong order',
      'screens',
      (history) => {
        const first = history.log.find(isShown('bob/1', 1));
        edit(history, isShown('bob/1', 2), (entry) => (first ? [entry, first] : []));
        edit(history, isShown('bob/1', 1), () => []);
      },
    ],
    ['a screen that stops before the end', 'screens', (history) => edit(history, isShown('ann/1', 3), () => [])],
    [
      'a message that was fetched, and never shown',
      'membersSeeAll',
      (history) =>
        edit(history, isShown('dora/1', 3), ({ t }) => {
          const messages = [{ seq: 3, author: 'bob', content: 'text 3' }];
          return [{ kind: 'fetched', t, ...by('dora/1'), channel: CHANNEL, asked: t, messages }];
        }),
    ],
    [
      'a message that is left out when somebody scrolls back',
      'membersSeeAll',
      (history) =>
        edit(
          history,
          isKind('scrolled', ({ device }) => device === 'ann/2'),
          (entry) => [{ ...(entry as EntryOf<'scrolled'>), messages: [] }],
        ),
    ],
    [
      'a member who is not let into a channel any more',
      'membersSeeAll',
      (history) =>
        edit(
          history,
          isKind('scrolled', ({ device }) => device === 'bob/1'),
          () => [],
        ),
    ],
    [
      'a wrong text that somebody scrolls to',
      'agreement',
      (history) =>
        edit(
          history,
          isKind('scrolled', ({ device }) => device === 'ann/2'),
          (entry) => {
            const { messages, ...scrolled } = entry as EntryOf<'scrolled'>;
            return [{ ...scrolled, messages: messages.map((each) => ({ ...each, content: 'text 2' })) }];
          },
        ),
    ],
    [
      'a message that reaches somebody who had quit before it was written',
      'outsidersSeeNothing',
      ({ log }) => {
        const { seq, author, content } = row(honest(), 3);
        log.push({ kind: 'frame', t: 140, ...by('carl/1'), channel: CHANNEL, seq, author, content });
      },
    ],
    [
      'a message that reaches somebody who never was a member',
      'outsidersSeeNothing',
      ({ log }) => {
        log.push({ kind: 'frame', t: 140, ...by('eve/1'), channel: CHANNEL, seq: 1, author: 'ann', content: 'text 1' });
      },
    ],
    [
      'history that is given to somebody who has quit',
      'outsidersSeeNothing',
      ({ log }) => {
        const messages = [{ seq: 1, author: 'ann', content: 'text 1' }];
        log.push({ kind: 'fetched', t: 140, ...by('carl/1'), channel: CHANNEL, asked: 135, messages });
      },
    ],
    [
      'a read position that goes back',
      'readPositions',
      ({ log }) => {
        log.push({ kind: 'entered', t: 150, ...by('bob/2'), channel: CHANNEL, asked: 145, lastRead: 0 });
      },
    ],
    [
      'a read position that is stored lower than it was answered',
      'readPositions',
      ({ tables }) => {
        tables.memberships = [
          { user: 'ann', channel: CHANNEL, lastRead: 3 },
          { user: 'bob', channel: CHANNEL, lastRead: 0 },
        ];
      },
    ],
    [
      'a head count that is off by one',
      'headCounts',
      ({ tables }) => {
        tables.channels = [{ channel: CHANNEL, shard: 1, headCount: 4 }];
      },
    ],
    [
      'a contact counter that is off by one',
      'contactCounts',
      ({ tables }) => {
        tables.accounts.push({ user: 'eve', contactCount: 1 });
      },
    ],
    [
      'a contact that was ended, and is there',
      'contacts',
      ({ tables }) => {
        tables.accepted.push(['bob', 'ann']);
      },
    ],
    [
      'a contact that was made, and is not there',
      'contacts',
      ({ tables }) => {
        tables.accepted = [];
      },
    ],
    [
      'a session that works after its logout',
      'sessions',
      (history) =>
        edit(
          history,
          isKind('rest', ({ outcome }) => outcome === 'refused'),
          (entry) => [{ ...(entry as EntryOf<'rest'>), outcome: 'done' }],
        ),
    ],
    [
      'a right password that is refused',
      'sessions',
      (history) => edit(history, isKind('rest'), (entry) => [{ ...(entry as EntryOf<'rest'>), outcome: 'refused' }]),
    ],
    [
      'a message that is not in the inbox of a member who did not look',
      'pushes',
      ({ tables }) => {
        tables.pushes = tables.pushes.filter(({ seq }) => seq !== 2);
      },
    ],
    [
      'a message that is in an inbox twice',
      'pushes',
      ({ tables }) => {
        tables.pushes.push({ user: 'dora', channel: CHANNEL, seq: 2 });
      },
    ],
    [
      'a message in the inbox of its author',
      'pushes',
      ({ tables }) => {
        tables.pushes.push({ user: 'ann', channel: CHANNEL, seq: 2 });
      },
    ],
    [
      'a message in the inbox of somebody who never was a member',
      'pushes',
      ({ tables }) => {
        tables.pushes.push({ user: 'eve', channel: CHANNEL, seq: 2 });
      },
    ],
    [
      'a push of a message that is not stored',
      'pushes',
      ({ tables }) => {
        tables.pushes.push({ user: 'dora', channel: CHANNEL, seq: 4 });
      },
    ],
    [
      'a member who was told to be out',
      'membership',
      ({ tables }) => {
        tables.memberships.push({ user: 'carl', channel: CHANNEL, lastRead: 0 });
        tables.channels = [{ channel: CHANNEL, shard: 1, headCount: 4 }];
      },
    ],
    [
      'a request without an answer',
      'answers',
      ({ log }) => {
        log.push({ kind: 'silence', t: 150, ...by('ann/1'), about: 'WRITE_MESSAGE' });
        log.push({ kind: 'link', t: 20_000, ...by('ann/1'), state: 'lost connection: 4900 No answer' });
        log.push({ kind: 'link', t: 160, ...by('ann/1'), state: 'lost connection: 1006' });
      },
    ],
    [
      'an acknowledged message that is refused afterwards',
      'ackedStaysAcked',
      ({ log }) => {
        log.push({ kind: 'failed', t: 150, ...by('ann/1'), serial: 2, why: 'refused', text: 'Not joined.' });
      },
    ],
    [
      'a refused message that is stored all the same',
      'ackedStaysAcked',
      (history) => {
        edit(
          history,
          isKind('ack', ({ serial }) => serial === 3),
          () => [],
        );
        edit(history, isKind('failed'), (entry) => [{ ...(entry as EntryOf<'failed'>), why: 'refused' }]);
      },
    ],
  ])('finds %s', (_name, rule, breakIt) => {
    const history = honest();
    breakIt(history);
    expect(rulesBroken(history)).toContain(rule);
  });

  it('counts a membership as unsure while its answer is missing, and forgives either outcome', () => {
    const history = honest();
    history.log.push(
      { kind: 'asks', t: 150, ...by('carl/1'), op: 3, channel: CHANNEL, change: 'join' },
      { kind: 'told', t: 160, ...by('carl/1'), op: 3, member: 'unknown' },
    );
    expect(check(history)).toEqual([]);
    history.tables.memberships.push({ user: 'carl', channel: CHANNEL, lastRead: 0 });
    history.tables.channels = [{ channel: CHANNEL, shard: 1, headCount: 4 }];
    expect(check(history)).toEqual([]);
  });

  it('forgives silence of a server that its client took for dead soon after', () => {
    const history = honest();
    history.log.push({ kind: 'silence', t: 150, ...by('ann/1'), about: 'WRITE_MESSAGE' });
    history.log.push({ kind: 'link', t: 6_000, ...by('ann/1'), state: 'lost connection: 4900 No answer' });
    expect(rulesBroken(history)).not.toContain('answers');
  });

  it('does not judge a contact of which a command had no answer', () => {
    const history = honest();
    edit(
      history,
      isKind('contact', ({ state }) => state === 'apart'),
      () => [],
    );
    history.tables.accepted.push(['ann', 'bob']);
    expect(rulesBroken(history)).not.toContain('contacts');
  });

  it('forgives a missing push to somebody who may have looked, or to whom the message was sent', () => {
    const history = honest();
    history.log.unshift({ kind: 'entered', t: 3, ...by('dora/2'), channel: CHANNEL, asked: 2, lastRead: 0 });
    history.tables.pushes = [];
    expect(rulesBroken(history)).not.toContain('pushes');
  });
});
