import type { EntryOf } from './entries.js';
import { type Breach, by, CHANNEL, edit, expectFound, honest, isKind, rulesBroken } from './honest-history.js';

describe('contacts, sessions and pushes', () => {
  it.each<Breach>([
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
  ])('finds %s', (_what, rule, breakIt) => expectFound(rule, breakIt));

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
