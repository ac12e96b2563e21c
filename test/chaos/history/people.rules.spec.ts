import { check } from './checker.js';
import type { EntryOf } from './entries.js';
import {
  type Breach,
  by,
  CHANNEL,
  edit,
  expectFound,
  honest,
  isKind,
  isShown,
  row,
  rulesBroken,
} from './honest-history.js';

describe('what people see and are told', () => {
  it.each<Breach>([
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
      'a member who is put out of a channel',
      'membersStay',
      ({ log }) => {
        log.push({ kind: 'removed', t: 150, ...by('bob/1'), channel: CHANNEL, reason: 'Enter failed.' });
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
  ])('finds %s', (_what, rule, breakIt) => expectFound(rule, breakIt));

  it('does not mind that somebody is put out who has quit, or has just come back', () => {
    const history = honest();
    history.log.push(
      { kind: 'removed', t: 150, ...by('carl/1'), channel: CHANNEL, reason: 'Not joined.' },
      { kind: 'asks', t: 160, ...by('carl/1'), op: 3, channel: CHANNEL, change: 'join' },
      { kind: 'told', t: 170, ...by('carl/1'), op: 3, member: 'in' },
      { kind: 'removed', t: 180, ...by('carl/2'), channel: CHANNEL, reason: 'Not joined.' },
    );
    expect(rulesBroken(history)).not.toContain('membersStay');
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
});
