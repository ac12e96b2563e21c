import type { Guest } from './load-run.js';
import { partsOf } from './parts.js';

const guests = (channels: readonly (number | undefined)[]): Guest[] =>
  channels.map((channelId, user) => ({ user, channel: channelId, channelId, writes: false, cookie: '' }));
const split = (channels: readonly (number | undefined)[], most: number) =>
  partsOf(guests(channels), most).map((part) => [part.firstIndex, part.guests.length]);

describe('the parts of a run', () => {
  it.each([
    ['one part when all fit', [1, 1, 2, 2], 4, [[0, 4]]],
    [
      'a cut between channels',
      [1, 1, 2, 2, 3, 3],
      4,
      [
        [0, 4],
        [4, 2],
      ],
    ],
    [
      'no cut within a channel',
      [1, 1, 1, 2, 2, 2],
      4,
      [
        [0, 3],
        [3, 3],
      ],
    ],
    [
      'a channel that is too large by itself',
      [1, 1, 1, 1, 1, 2],
      4,
      [
        [0, 5],
        [5, 1],
      ],
    ],
    [
      'users without a channel wherever it is',
      [1, 1, undefined, undefined, undefined],
      3,
      [
        [0, 3],
        [3, 2],
      ],
    ],
    ['nothing without users', [], 4, []],
  ])('have %s', (_name, channels, most, expected) => expect(split(channels, most)).toEqual(expected));
});
