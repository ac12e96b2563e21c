import { channelId, LIMITS, seq } from '@parley/protocol';
import fc from 'fast-check';
import { type ChatMessage, EMPTY_INBOX, gap, type Inbox, MAX_HELD, open, receive } from './inbox.js';

const message = (at: number): ChatMessage => ({
  channelId: channelId(1),
  seq: seq(at),
  username: 'bob',
  content: `text ${at}`,
  mine: false,
});
const opened = (lastRead: number, last: number): Inbox => open(EMPTY_INBOX, seq(lastRead), seq(last)).inbox;
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);

/** Feeds sequences one by one; returns the inbox and everything that was shown. */
function feed(start: Inbox, sequences: readonly number[]): { inbox: Inbox; shown: number[] } {
  let inbox = start;
  const shown: number[] = [];
  for (const at of sequences) {
    const delivery = receive(inbox, [message(at)]);
    ({ inbox } = delivery);
    shown.push(...delivery.show.map((each) => each.seq));
  }
  return { inbox, shown };
}

describe('inbox', () => {
  it.each([
    ['shows the next message at once', opened(4, 4), [5], [5], undefined],
    ['shows a first message of a new channel', opened(0, 0), [1], [1], undefined],
    ['holds a message that is too early', opened(4, 4), [6], [], { from: 5, to: 5 }],
    ['shows held messages when the missing one comes', opened(4, 4), [6, 7, 5], [5, 6, 7], undefined],
    ['shows up to the next gap only', opened(4, 4), [6, 9, 5], [5, 6], { from: 7, to: 8 }],
    ['drops a message that was shown', opened(4, 4), [5, 5], [5], undefined],
    ['drops a message from before the beginning', opened(4, 4), [3], [], undefined],
    ['drops a repetition of a held message', opened(4, 4), [6, 6, 5], [5, 6], undefined],
    ['names the first of several gaps', opened(4, 4), [7, 10], [], { from: 5, to: 6 }],
    ['names the unread messages as missing after entering', opened(8, 12), [], [], { from: 9, to: 12 }],
    ['names only what no live message has brought meanwhile', opened(8, 12), [12], [], { from: 9, to: 11 }],
    ['begins at most 10 messages back', opened(0, 500), [], [], { from: 491, to: 500 }],
    ['asks for nothing when everything was read', opened(12, 12), [], [], undefined],
  ])('%s', (_name, start, sequences, shown, missing) => {
    const result = feed(start, sequences);
    expect(result.shown).toEqual(shown);
    expect(gap(result.inbox)).toEqual(missing);
  });

  it('holds what comes before the server has said where the screen begins', () => {
    const early = feed(EMPTY_INBOX, [6, 5]);
    expect(early.shown).toEqual([]);
    expect(gap(early.inbox)).toBeUndefined();
    expect(open(early.inbox, seq(4), seq(4)).show.map((each) => each.seq)).toEqual([5, 6]);
  });

  it('goes on where it was when the channel is entered again', () => {
    const { inbox } = feed(opened(4, 4), [5, 6]);
    expect(gap(open(inbox, seq(0), seq(300)).inbox)).toEqual({ from: 7, to: 106 });
  });

  it('never asks for more than one answer carries', () => {
    const { inbox } = feed(opened(0, 0), [1000]);
    expect(gap(inbox)).toEqual({ from: 1, to: LIMITS.fetchMessages });
  });

  it('holds a bounded number of early messages and finds the others later', () => {
    const { inbox } = receive(opened(0, 0), range(2, MAX_HELD + 500).map(message));
    expect(inbox.held.size).toBe(MAX_HELD);
    const filled = receive(inbox, [message(1)]);
    expect(filled.show).toHaveLength(MAX_HELD + 1);
    expect(gap(filled.inbox)).toEqual({ from: MAX_HELD + 2, to: MAX_HELD + 101 });
  });

  it('shows every message once and in order, whatever is lost, doubled, late, or cut by reconnects', () => {
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.record({ kind: fc.constant('live' as const), at: fc.integer({ min: 1, max: 60 }) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('fetch' as const), at: fc.constant(0) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('enter' as const), at: fc.integer({ min: 0, max: 60 }) }) },
    );
    fc.assert(
      fc.property(
        fc.array(step),
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: 0, max: 60 }),
        (steps, read, last) => {
          const lastRead = Math.min(read, last);
          let { inbox } = open(EMPTY_INBOX, seq(lastRead), seq(last));
          const shown: number[] = [];
          const apply = (delivery: ReturnType<typeof receive>): void => {
            ({ inbox } = delivery);
            shown.push(...delivery.show.map((each) => each.seq));
          };
          const fetch = (): void => {
            const missing = gap(inbox);
            if (missing) apply(receive(inbox, range(missing.from, missing.to).map(message)));
          };
          for (const { kind, at } of steps) {
            if (kind === 'live') apply(receive(inbox, [message(at)]));
            else if (kind === 'fetch') fetch();
            else apply(open(inbox, seq(0), seq(at)));
          }
          for (let round = 0; gap(inbox) && round < 100; round += 1) fetch();
          const begin = Math.max(lastRead, last - 10) + 1;
          expect(shown).toEqual(range(begin, begin + shown.length - 1));
          expect(inbox.shown).toBe(Math.max(inbox.known, begin - 1));
          expect(inbox.held.size).toBe(0);
        },
      ),
    );
  });
});
