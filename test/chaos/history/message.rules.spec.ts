import type { EntryOf } from './entries.js';
import { type Breach, by, CHANNEL, edit, expectFound, isKind, row } from './honest-history.js';

describe('what is sent, stored and acknowledged', () => {
  it.each<Breach>([
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
  ])('finds %s', (_what, rule, breakIt) => expectFound(rule, breakIt));
});
