import fc from 'fast-check';
import type { MessageRelay } from '@parley/contracts';
import { channelId, seq, userId } from '@parley/protocol';
import { rounds } from './rounds.js';

const origin = { userId: userId(1), username: 'ann', server: '1', connection: 'c', request: 'r' };

const write = (channel: number, once: number): MessageRelay => ({
  kind: 'WRITE',
  channelId: channelId(channel),
  origin,
  once,
  frame: { type: 'WRITE_MESSAGE', serial: null, channelId: channelId(channel), content: 'x' },
});

const other = (channel: number, after: number): MessageRelay => ({
  kind: 'REPLAY',
  channelId: channelId(channel),
  server: '1',
  after: seq(after),
});

const flat = (records: readonly MessageRelay[]) =>
  rounds(records).flatMap((round) => [...round.writes, ...round.others]);

describe('rounds', () => {
  it('stores the writes of all channels together', () => {
    expect(rounds([write(1, 1), write(2, 1), write(1, 2)])).toHaveLength(1);
  });

  it('puts a write that follows another record of its channel into the next round', () => {
    const [first, second] = rounds([write(1, 1), other(1, 0), write(1, 2), write(2, 1)]);
    expect(first?.writes).toEqual([write(1, 1), write(2, 1)]);
    expect(first?.others).toEqual([other(1, 0)]);
    expect(second?.writes).toEqual([write(1, 2)]);
  });

  it('keeps the order of every channel and loses nothing', () => {
    const record = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.nat(1_000), fc.boolean());
    fc.assert(
      fc.property(fc.array(record), (drawn) => {
        const records = drawn.map(([channel, n, isWrite]) => (isWrite ? write(channel, n) : other(channel, n)));
        const run = flat(records);
        expect(run).toHaveLength(records.length);
        for (const id of [1, 2, 3]) {
          const of = (all: readonly MessageRelay[]) => all.filter((one) => one.channelId === id);
          expect(of(run)).toEqual(of(records));
        }
      }),
    );
  });
});
