import { backoff } from './backoff.js';

describe('backoff', () => {
  it('doubles its bound from 0.5 s to 30 s', () => {
    expect([0, 1, 2, 5, 6, 7, 60].map((attempt) => backoff(attempt, () => 1))).toEqual([
      500, 1000, 2000, 16_000, 30_000, 30_000, 30_000,
    ]);
  });

  it('spreads evenly below the bound', () => {
    expect([0, 0.25, 0.5].map((random) => backoff(3, () => random))).toEqual([0, 1000, 2000]);
  });
});
