import { percentiles, quantile, Samples, shareWithin } from './samples.js';

describe('percentiles', () => {
  it.each([
    [0.5, 50],
    [0.95, 95],
    [0.99, 99],
    [0.999, 100],
    [1, 100],
    [0, 1],
  ])('%p of 1 to 100 is %p', (share, expected) => {
    const values = Uint32Array.from({ length: 100 }, (_, i) => i + 1);
    expect(quantile(values, share)).toBe(expected);
  });

  it('are those of a single value where there is one', () => expect(quantile(Uint32Array.of(7), 0.999)).toBe(7));

  it('sort what came unsorted and are milliseconds', () =>
    expect(percentiles(Uint32Array.of(3000, 1000, 2000))).toEqual({
      count: 3,
      mean: 2,
      p50: 2,
      p95: 3,
      p99: 3,
      p999: 3,
      max: 3,
    }));

  it('are 0 without values', () => expect(percentiles(new Uint32Array())).toMatchObject({ count: 0, p50: 0, max: 0 }));
});

describe('samples', () => {
  it('keep every value, however many come', () => {
    const samples = new Samples();
    for (let i = 0; i < 10_000; i += 1) samples.add(i);
    expect(samples.length).toBe(10_000);
    expect(samples.slice(9_998)).toEqual(Uint32Array.of(9_998, 9_999));
  });
});

describe('the share of values within a limit', () => {
  it.each([
    [[1, 2, 3, 4], 2, 0.5],
    [[1, 2], 2, 1],
    [[3], 2, 0],
    [[], 2, 1],
  ])('of %p within %p is %p', (values, limit, share) =>
    expect(shareWithin(Uint32Array.from(values), limit)).toBe(share),
  );
});
