import { isForUser } from './named-user.js';

describe('a request with the session of ann', () => {
  it.each([
    ['/inbox', true],
    ['/inbox?limit=5', true],
    ['/inbox?user=ann', true],
    ['/inbox?limit=5&user=ANN', true],
    ['/inbox?user=bob', false],
    ['/inbox?user=', false],
    ['/inbox?user=an%6E', true],
    ['/inbox?other=user=bob', true],
    [undefined, true],
  ])('to %s may be hers: %s', (url, isHers) => expect(isForUser(url, 'ann')).toBe(isHers));
});
