import type { Origin, UserCommandFrame } from '@parley/contracts';
import { userId } from '@parley/protocol';
import { UncertainCreations } from './uncertain-creations.js';

const origin = (request: string, user = 1): Origin => ({
  userId: userId(user),
  username: 'ann',
  server: 's',
  connection: 'c',
  request,
});
const create = (title: string): UserCommandFrame => ({ type: 'CREATE_REQUEST', title, participantUsernames: ['bob'] });

const setUp = () => {
  const clock = { time: 0, now: () => clock.time };
  return { clock, uncertain: new UncertainCreations(clock) };
};

describe('a creation of unknown outcome', () => {
  it('is the same request when the same user asks for the same again', () => {
    const { uncertain } = setUp();
    uncertain.remember(origin('r1'), create('room'));
    expect(uncertain.requestOf(origin('r2'), create('room'))).toBe('r1');
    expect(uncertain.requestOf(origin('r2'), create('other room'))).toBe('r2');
    expect(uncertain.requestOf(origin('r2', 2), create('room'))).toBe('r2');
  });

  it('is a new request once the outcome is known', () => {
    const { uncertain } = setUp();
    uncertain.remember(origin('r1'), create('room'));
    uncertain.settle(origin('r1'), create('room'));
    expect(uncertain.requestOf(origin('r2'), create('room'))).toBe('r2');
  });

  it('is a new request after minutes, and forgotten then', () => {
    const { uncertain, clock } = setUp();
    uncertain.remember(origin('r1'), create('room'));
    clock.time = 5 * 60_000;
    expect(uncertain.requestOf(origin('r2'), create('room'))).toBe('r2');
    uncertain.remember(origin('r3'), create('another'));
    clock.time = 0;
    expect(uncertain.requestOf(origin('r4'), create('room'))).toBe('r4');
  });

  it('gives way to newer ones when there are too many', () => {
    const { uncertain } = setUp();
    for (let i = 0; i <= 10_000; i++) uncertain.remember(origin(`r${i}`), create(`room ${i}`));
    expect(uncertain.requestOf(origin('x'), create('room 0'))).toBe('x');
    expect(uncertain.requestOf(origin('x'), create('room 10000'))).toBe('r10000');
  });
});

it('other commands are themselves, whatever became of the first', () => {
  const { uncertain } = setUp();
  const join: UserCommandFrame = { type: 'JOIN_REQUEST', inviteCode: 'a' };
  uncertain.remember(origin('r1'), join);
  expect(uncertain.requestOf(origin('r2'), join)).toBe('r2');
});
