import { jest } from '@jest/globals';
import { createLogger } from '@parley/platform';
import { type ActiveSession, SessionSettings, type SessionStore } from '@parley/session';
import { fakeSocket } from '../../test/fake-socket.js';
import { SessionWatch } from './session-watch.js';

const HOUR_SECONDS = 3_600;
const log = createLogger({ service: 'connection', instance: '1', level: 'silent' });

/** A session of an hour that Redis has until `end`. */
function setUp() {
  let isAlive = true;
  let failure: Error | undefined;
  const answer = async (): Promise<boolean> => {
    if (failure !== undefined) throw failure;
    return isAlive;
  };
  const exists = jest.fn((_hash: string) => answer());
  const renew = jest.fn((_active: ActiveSession) => answer());
  const store: Partial<SessionStore> = { exists, renew };
  const watch = new SessionWatch(store as SessionStore, new SessionSettings(HOUR_SECONDS), log);
  const { socket, peer } = fakeSocket();
  watch.start();
  return {
    watch,
    socket,
    exists,
    renew,
    closed: () => peer.done.includes('close 4100'),
    end: () => (isAlive = false),
    fail: (error?: Error) => (failure = error),
  };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('the socket of a session whose end nobody has told of', () => {
  it('is closed within a minute, though it is silent and the session would last', async () => {
    const { watch, socket, closed, end } = setUp();
    watch.join(socket);
    await jest.advanceTimersByTimeAsync(90_000);
    end();
    await jest.advanceTimersByTimeAsync(61_000);
    expect(closed()).toBe(true);
    watch.stop();
  });

  it('is closed at once when the session ended while the socket was opened', async () => {
    const { watch, socket, closed, end } = setUp();
    end();
    watch.join(socket);
    await jest.advanceTimersByTimeAsync(0);
    expect(closed()).toBe(true);
    watch.stop();
  });

  it('is closed as soon as Redis can be asked again', async () => {
    const { watch, socket, closed, end, fail } = setUp();
    fail(new Error('Redis is away'));
    watch.join(socket);
    await jest.advanceTimersByTimeAsync(5_000);
    expect(closed()).toBe(false);
    fail();
    end();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(closed()).toBe(true);
    watch.stop();
  });
});

it('a session that is used costs Redis two commands a minute at most', async () => {
  const { watch, socket, exists, renew } = setUp();
  watch.join(socket);
  for (let second = 0; second < 180; second += 1) {
    await jest.advanceTimersByTimeAsync(1_000);
    watch.renew(socket);
  }
  expect(renew).toHaveBeenCalledTimes(3);
  expect(exists.mock.calls.length).toBeLessThanOrEqual(4);
  watch.stop();
});
