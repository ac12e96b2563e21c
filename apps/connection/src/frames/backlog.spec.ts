import { jest } from '@jest/globals';
import { ServerIdentity } from '../server/server-identity.js';
import { Backlog } from './backlog.js';

function setUp() {
  const identity = new ServerIdentity('1');
  const backlog = new Backlog({ backlog: { alwaysWaiting: 3, waitMs: 1_000 } }, identity);
  const leave = (count: number): string[] => {
    const requests = Array.from({ length: count }, () => identity.nextWrite());
    for (const request of requests) backlog.left(request);
    return requests;
  };
  return { identity, backlog, leave };
}

describe('the backlog of messages without an answer', () => {
  it('is full with as many as may always wait, when nothing is known about how fast answers come', () => {
    const { backlog, leave } = setUp();
    leave(2);
    expect(backlog.isFull).toBe(false);
    leave(1);
    expect(backlog.isFull).toBe(true);
  });

  it('has room again after an answer, and counts those that were overtaken as answered', () => {
    const { backlog, leave } = setUp();
    const [, second] = leave(3);
    backlog.settled(second ?? '');
    expect(backlog.size).toBe(1);
    expect(backlog.isFull).toBe(false);
  });

  it('takes as many as are answered in the time that one may wait', () => {
    const { backlog, leave } = setUp();
    const start = performance.now();
    for (let second = 1; second <= 20; second++) {
      for (const request of leave(100)) backlog.settled(request);
      backlog.look(start + second * 1_000);
    }
    leave(90);
    expect(backlog.isFull).toBe(false);
    leave(20);
    expect(backlog.isFull).toBe(true);
  });

  it('falls back to what may always wait when answers stop', () => {
    const { backlog, leave } = setUp();
    const start = performance.now();
    for (const request of leave(1_000)) backlog.settled(request);
    backlog.look(start + 1_000);
    for (let second = 2; second <= 60; second++) backlog.look(start + second * 1_000);
    leave(3);
    expect(backlog.isFull).toBe(true);
  });

  it('lets one message a second through while nothing is answered, and has room again when that one is', () => {
    jest.useFakeTimers();
    try {
      const { backlog, leave } = setUp();
      leave(3);
      jest.advanceTimersByTime(999);
      expect(backlog.isFull).toBe(true);
      jest.advanceTimersByTime(1);
      expect(backlog.isFull).toBe(false);
      const [probe = ''] = leave(1);
      expect(backlog.isFull).toBe(true);
      backlog.settled(probe);
      expect([backlog.size, backlog.isFull]).toEqual([0, false]);
    } finally {
      jest.useRealTimers();
    }
  });

  it('is not moved by other requests, by answers that come twice, or by those of an earlier start', () => {
    const { identity, backlog, leave } = setUp();
    const [first, second] = leave(2);
    backlog.settled(second ?? '');
    backlog.settled(first ?? '');
    backlog.settled(identity.nextRequest());
    backlog.settled('1-before-w-zz');
    expect(backlog.size).toBe(0);
    leave(2);
    expect(backlog.size).toBe(2);
  });
});
