import { userId } from '@parley/protocol';
import { type Creation, decideCreate, decideJoin, decideParticipants } from './channel.rules.js';

const creation = (over: Partial<Creation> = {}): Creation => ({
  creator: userId(1),
  participants: [userId(2), userId(3)],
  title: 'room',
  memberLimit: 4,
  ...over,
});
const accepted = { ok: true, value: undefined };
const refused = (error: string) => ({ ok: false, error });

describe('a creation', () => {
  it.each([
    ['needs a title and participants', creation(), accepted],
    ['takes a title of 30 characters, however they are encoded', creation({ title: '👋'.repeat(30) }), accepted],
    ['needs someone who exists, before all else', creation({ participants: [], title: '' }), refused('Not found.')],
    [
      'needs a title before its size is looked at',
      creation({ title: '', memberLimit: 2 }),
      refused('Invalid arguments.'),
    ],
    ['refuses 31 characters', creation({ title: 'x'.repeat(31) }), refused('Invalid arguments.')],
    ['counts its creator', creation({ memberLimit: 2 }), refused('Over limit.')],
    ['may fill the channel', creation({ memberLimit: 3 }), accepted],
  ])('%s', (_, asked, decision) => expect(decideCreate(asked)).toEqual(decision));

  it.each([
    ['takes contacts', [2, 3, 4], accepted],
    ['refuses strangers', [2], refused('Unconnected users included.')],
  ])('%s', (_, contacts, decision) => {
    expect(decideParticipants(creation(), new Set(contacts.map(userId)))).toEqual(decision);
  });
});

describe('joining', () => {
  const open = { headCount: 3, isMember: false };
  it.each([
    ['needs a known code', undefined, refused('Not found.')],
    ['happens once, also in a full channel', { headCount: 4, isMember: true }, refused('Already joined.')],
    ['needs a free place', { headCount: 4, isMember: false }, refused('Over limit.')],
    ['takes the last place', open, { ok: true, value: open }],
  ])('%s', (_, channel, decision) => expect(decideJoin(channel, 4)).toEqual(decision));
});
