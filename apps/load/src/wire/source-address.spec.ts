import { sourceAddress } from './source-address.js';

describe('source addresses', () => {
  it.each([
    [0, 1, undefined],
    [24_999, 1, undefined],
    [25_000, 1, '127.0.1.1'],
    [50_000, 1, '127.0.2.1'],
    [49_999, 2, undefined],
    [50_000, 2, '127.0.1.1'],
  ])('socket %p to %p servers comes from %p', (index, servers, expected) =>
    expect(sourceAddress(index, servers)).toBe(expected),
  );
});
