import { channelId, seq, userId } from '@parley/protocol';
import { ReadPositions } from './read-positions.js';

const ann = { id: 'c1', userId: userId(1) };
const bob = { id: 'c2', userId: userId(2) };
const at = (reader: typeof ann, position: number) => ({ userId: reader.userId, connection: reader.id, seq: position });

describe('read positions', () => {
  it('keeps only the newest position of a socket in a channel, in whatever order they come', () => {
    const reads = new ReadPositions();
    for (const position of [3, 5, 4]) reads.note(ann, channelId(7), seq(position));
    expect(reads.take()).toEqual([{ channelId: 7, positions: [at(ann, 5)] }]);
  });

  it('gathers all sockets of a channel, and tells each position once', () => {
    const reads = new ReadPositions();
    reads.note(ann, channelId(7), seq(1));
    reads.note(bob, channelId(7), seq(2));
    reads.note(bob, channelId(8), seq(3));
    expect(reads.take()).toEqual([
      { channelId: 7, positions: [at(ann, 1), at(bob, 2)] },
      { channelId: 8, positions: [at(bob, 3)] },
    ]);
    expect(reads.take()).toEqual([]);
  });

  it('can hand out the positions of one socket and keep the others', () => {
    const reads = new ReadPositions();
    reads.note(ann, channelId(7), seq(1));
    reads.note(bob, channelId(7), seq(2));
    expect(reads.take(ann)).toEqual([{ channelId: 7, positions: [at(ann, 1)] }]);
    expect(reads.take()).toEqual([{ channelId: 7, positions: [at(bob, 2)] }]);
  });

  it('loses nothing that could not be told, and lets it not overtake what came since', () => {
    const reads = new ReadPositions();
    reads.note(ann, channelId(7), seq(4));
    const [untold] = reads.take();
    reads.note(ann, channelId(7), seq(9));
    if (untold !== undefined) reads.putBack(untold);
    expect(reads.take()).toEqual([{ channelId: 7, positions: [at(ann, 9)] }]);
  });
});
