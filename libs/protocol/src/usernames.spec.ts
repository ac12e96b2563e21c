import { sameUser } from './usernames.js';

describe('sameUser', () => {
  it.each([
    ['ann', 'ANN', true],
    ['rené', 'rene', true],
    ['ann', 'anna', false],
    ['가나', '가나', true],
    ['a_b', 'ab', false],
    ['a-b', 'a.b', false],
  ])('%s and %s: %s', (a, b, same) => expect(sameUser(a, b)).toBe(same));
});
