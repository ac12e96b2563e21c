import { checkPlan, membersOf, seats } from './plan.js';

describe('the plan of a run', () => {
  const plan = { users: 7, channels: 2, members: 3, senders: 1 };

  it('seats every user once, with the senders first in each channel', () => {
    expect(seats(plan).map(({ channel, writes }) => [channel, writes])).toEqual([
      [0, true],
      [0, false],
      [0, false],
      [1, true],
      [1, false],
      [1, false],
      [undefined, false],
    ]);
  });

  it('shows each user a channel that the user is a member of', () => {
    for (const { user, channel } of seats({ users: 4, channels: 9, members: 2, senders: 1 })) {
      expect(membersOf(channel ?? -1, { users: 4, channels: 9, members: 2, senders: 1 })).toContain(user);
    }
  });

  it('never makes a user a member of one channel twice', () => {
    for (let channel = 0; channel < 9; channel += 1) {
      expect(new Set(membersOf(channel, { ...plan, users: 4 })).size).toBe(3);
    }
  });

  it('is refused when it cannot be', () => {
    expect(checkPlan(plan)).toBeUndefined();
    expect(checkPlan({ ...plan, senders: 4 })).toContain('--senders');
    expect(checkPlan({ ...plan, members: 8 })).toContain('--members');
  });
});
