import { DependencyUnavailable } from './errors.js';
import { afterFailure, backoffMs } from './retry-policy.js';

class DatabaseAway extends DependencyUnavailable {}

describe('the retry policy', () => {
  it('doubles the pause from 100 ms up to 2 s', () => {
    expect([1, 2, 3, 4, 5, 6, 100_000].map(backoffMs)).toEqual([100, 200, 400, 800, 1_600, 2_000, 2_000]);
  });

  it('sets records aside after the last attempt', () => {
    expect(afterFailure(new Error('bad'), 4, 5)).toBe('retry');
    expect(afterFailure(new Error('bad'), 5, 5)).toBe('set aside');
  });

  it('never sets records aside because of a dependency', () => {
    expect(afterFailure(new DatabaseAway('away'), 1_000_000, 5)).toBe('retry');
  });
});
