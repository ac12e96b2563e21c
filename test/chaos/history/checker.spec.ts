import { check } from './checker.js';
import { honest } from './honest-history.js';

describe('the checker', () => {
  it('finds nothing wrong with an honest history', () => {
    expect(check(honest())).toEqual([]);
  });
});
