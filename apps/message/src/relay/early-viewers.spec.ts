import { PRESENCE } from '@parley/contracts';
import { channelId, seq, userId } from '@parley/protocol';
import { PresenceMap } from '../presence/presence-map.js';
import { EarlyViewers } from './early-viewers.js';

const ROOM = channelId(7);
const [ann, bob] = [userId(1), userId(2)];
const DUE = PRESENCE.lifeSignMs;

/** ann and bob look at the room. */
function setUp() {
  const presence = new PresenceMap();
  const announce = (user: typeof ann, shown: typeof ROOM | null) =>
    presence.apply(
      {
        kind: 'DELTA',
        server: 's1',
        boot: 'b',
        changed: [{ connection: `s1-${user}`, userId: user, channelId: shown ?? undefined }],
        closed: [],
      },
      0,
    );
  announce(ann, ROOM);
  announce(bob, ROOM);
  return { early: new EarlyViewers(presence), announce };
}

describe('who is told something by a new owner', () => {
  it('and turns out to have left before is taken for lost, from the first message on', () => {
    const { early, announce } = setUp();
    early.begin(0);
    early.tell(ROOM, seq(5));
    early.tell(ROOM, seq(6));
    announce(bob, null);
    early.tell(ROOM, seq(7));
    expect(early.settle(DUE)).toEqual([{ channelId: ROOM, userId: bob, seen: 4 }]);
  });

  it('counts though others came or were told later, and an earlier message comes again', () => {
    const { early, announce } = setUp();
    announce(bob, null);
    early.begin(0);
    early.tell(ROOM, seq(6));
    announce(bob, ROOM);
    early.tell(ROOM, seq(5));
    announce(bob, null);
    expect(early.settle(DUE)).toEqual([{ channelId: ROOM, userId: bob, seen: 4 }]);
  });

  it('is waited for until what was about to be announced at the takeover has been, at each takeover', () => {
    const { early, announce } = setUp();
    early.begin(0);
    early.tell(ROOM, seq(5));
    announce(bob, null);
    early.begin(500);
    expect([early.isDue(DUE), early.settle(DUE)]).toEqual([false, []]);
    expect(early.isDue(DUE + 500)).toBe(true);
    expect(early.settle(DUE + 500)).toHaveLength(1);
  });

  it('is nobody once everybody is known', () => {
    const { early, announce } = setUp();
    early.tell(ROOM, seq(4));
    early.begin(0);
    expect(early.settle(DUE)).toEqual([]);
    early.tell(ROOM, seq(5));
    announce(bob, null);
    expect([early.isDue(2 * DUE), early.settle(2 * DUE)]).toEqual([false, []]);
  });
});
