import type { Entry } from '../history/entries.js';
import { pauses, reached } from './timings.js';

const write = (t: number, serial: number, channel: number) =>
  ({ kind: 'write', t, device: 'a/1', user: 'a', serial, channel, content: `${serial}` }) as const;
const ack = (t: number, serial: number, seq = 1) =>
  ({ kind: 'ack', t, device: 'a/1', user: 'a', serial, seq }) as const;

describe('the longest pause', () => {
  it('is taken per shard, from the fault to the end, with a shard that never answered', () => {
    const log = [write(1, 1, 10), write(1, 2, 10), write(1, 3, 20), ack(5, 1), ack(130, 1), ack(170, 2)];
    const shards = new Map([
      [10, 1],
      [20, 2],
    ]);
    expect(pauses(log, shards, 100, 200)).toEqual(
      new Map([
        [1, 40],
        [2, 100],
      ]),
    );
  });
});

describe('the time until messages reach everybody online', () => {
  const bob = { device: 'bob/1', user: 'bob' };
  const opened: Entry[] = [
    { kind: 'link', t: 1, ...bob, state: 'open' },
    { kind: 'screen', t: 2, ...bob, channel: 10, from: 1 },
    write(3, 1, 10),
    ack(1500, 1),
  ];
  const shown = (t: number): Entry => ({ kind: 'shown', t, ...bob, channel: 10, seq: 1, author: 'a', content: '1' });

  it.each<[string, Entry[], number]>([
    ['is over at once when each message is shown soon', [shown(1600)], 0],
    ['lasts as long as messages are shown late', [shown(6000)], 500],
    ['lasts as long as messages are not shown', [], 500],
    ['is not about those who have lost their connection', [{ kind: 'link', t: 1700, ...bob, state: 'lost' }], 0],
    ['is not about those who have turned away', [{ kind: 'blank', t: 1700, ...bob }], 0],
  ])('%s', (_name, rest, ms) => expect(reached([...opened, ...rest], 1000, 10_000)).toBe(ms));

  it('does not judge a message that was acknowledged a moment ago', () => {
    expect(reached(opened, 1000, 2000)).toBe(0);
  });
});
