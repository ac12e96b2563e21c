import { DatabaseUnavailable } from './database-errors.js';
import { ReplicaPosition } from './replica-position.js';

const AWAY = new DatabaseUnavailable('user-db');

/** A source that has written, and a replica that answers as told; time passes when a test says so. */
class Pair {
  now = 0;
  written = '0-1-5';
  carriedOut = '0-1-5';
  isSourceAway = false;
  isReplicaAway = false;
  /** How often the replica was asked to catch up. */
  tries = 0;
  readonly position = new ReplicaPosition(() => this.now);

  catchesUp(): Promise<boolean> {
    return this.position.catchesUp(
      {
        query: async <T>() => {
          if (this.isSourceAway) throw AWAY;
          return [{ version: '11.8.3-MariaDB', position: this.written }] as T;
        },
      },
      {
        query: async <T>() => {
          this.tries += 1;
          if (this.isReplicaAway) throw AWAY;
          return [{ waited: this.carriedOut === this.written ? 0 : -1, reached: this.carriedOut }] as T;
        },
      },
    );
  }
}

let pair: Pair;
beforeEach(() => {
  pair = new Pair();
});

it('is asked of the replica each time while it keeps up', async () => {
  for (let i = 0; i < 3; i += 1) expect(await pair.catchesUp()).toBe(true);
  expect(pair.tries).toBe(3);
});

it.each<[string, (pair: Pair) => void]>([
  ['lags', (one) => (one.carriedOut = '0-1-4')],
  ['is away', (one) => (one.isReplicaAway = true)],
])('a replica that %s is tried once in a second', async (_, fail) => {
  await pair.catchesUp();
  fail(pair);
  expect([await pair.catchesUp(), await pair.catchesUp()]).toEqual([false, false]);
  expect(pair.tries).toBe(2);
  pair.now = 1_000;
  expect(await Promise.all([pair.catchesUp(), pair.catchesUp()])).toEqual([false, false]);
  expect(pair.tries).toBe(3);
  expect(pair.position.hadCaughtUp).toBe(false);
});

it('a replica that has caught up again is used by everybody', async () => {
  pair.carriedOut = '0-1-4';
  expect(await pair.catchesUp()).toBe(false);
  pair.carriedOut = pair.written;
  pair.now = 1_000;
  for (let i = 0; i < 3; i += 1) expect(await pair.catchesUp()).toBe(true);
});

it('a source that is away says nothing against its replica', async () => {
  await pair.catchesUp();
  pair.isSourceAway = true;
  await expect(pair.catchesUp()).rejects.toBe(AWAY);
  expect(pair.position.hadCaughtUp).toBe(true);
});

it('a source that does not number its transactions proves nothing', async () => {
  pair.written = '';
  pair.carriedOut = '';
  expect([await pair.catchesUp(), pair.position.hadCaughtUp, pair.tries]).toEqual([false, false, 0]);
});
