import { OrderCheck } from './order-check.js';

type Step = ['notify' | 'ack' | 'fetch', number];

function verdictOf(steps: readonly Step[], stored: number, entered = 0, excused = 0) {
  const check = new OrderCheck(entered);
  for (const [what, seq] of steps) {
    if (what === 'notify') check.notified(seq);
    else if (what === 'ack') check.acknowledged(seq);
    else check.fetched(seq);
  }
  return check.verdict(stored, excused);
}
const notify = (...seqs: number[]): Step[] => seqs.map((seq) => ['notify', seq]);
const good = { lost: 0, doubled: 0, outOfOrder: 0 };

describe('the order of a channel at one receiver', () => {
  it.each<[string, Step[], number, object]>([
    ['is good when everything came once', notify(1, 2, 3), 3, good],
    ['is good with an own message in between', [...notify(1), ['ack', 2], ...notify(3)], 3, good],
    ['is good when the acknowledgement comes after later messages', [...notify(1, 3), ['ack', 2]], 3, good],
    ['is good when the acknowledgement comes before earlier messages', [['ack', 3], ...notify(1, 2)], 3, good],
    ['tells of a message that is lost in the middle', notify(1, 3), 3, { ...good, lost: 1 }],
    ['tells of messages that are lost at the end', notify(1), 3, { ...good, lost: 2 }],
    ['tells of a message that came twice', notify(1, 2, 2, 3), 3, { ...good, doubled: 1 }],
    ['tells of a late repetition', notify(1, 2, 3, 1), 3, { ...good, doubled: 1 }],
    ['tells of an own message that was also notified', [['ack', 1], ...notify(1)], 1, { ...good, doubled: 1 }],
    ['tells of two messages that are swapped', notify(1, 3, 2), 3, { ...good, outOfOrder: 1 }],
    [
      'tells of two acknowledgements that are swapped',
      [
        ['ack', 2],
        ['ack', 1],
      ],
      2,
      { ...good, outOfOrder: 1 },
    ],
    ['takes an acknowledgement for the message that was fetched', [...notify(1), ['fetch', 2], ['ack', 2]], 2, good],
    [
      'tells of the second acknowledgement of a fetched message',
      [
        ['fetch', 1],
        ['ack', 1],
        ['ack', 1],
      ],
      1,
      { ...good, doubled: 1 },
    ],
    ['takes fetched messages for seen', [...notify(1, 4), ['fetch', 2], ['fetch', 3], ['fetch', 4]], 4, good],
  ])('%s', (_name, steps, stored, expected) => expect(verdictOf(steps, stored)).toEqual(expected));

  it('begins where the receiver entered', () => expect(verdictOf(notify(8, 9), 9, 7)).toEqual(good));

  it('excuses own messages that were refused and stored all the same', () =>
    expect(verdictOf(notify(1, 3), 3, 0, 1)).toEqual(good));
});
