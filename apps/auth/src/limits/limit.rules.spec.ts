import { retryAfterSeconds, subjectOfName } from './limit.rules.js';

describe('the limit of attempts', () => {
  it.each([
    ['lets the last allowed attempt through', [20, 31], undefined],
    ['asks the next one to wait for the end of the window', [21, 31], 31],
    ['never asks for less than a second', [21, 0], 1],
  ])('%s', (_name, counted, expected) => expect(retryAfterSeconds(counted, 20)).toBe(expected));
});

describe('names that attempts are counted by', () => {
  it.each([
    ['ALICE', 'alice'],
    ['Zoë', 'zoe'],
    ['e\u0301lan', '\u00e9lan'],
  ])('takes %p and %p for one', (a, b) => expect(subjectOfName(a)).toBe(subjectOfName(b)));

  it('keeps different names apart', () => expect(subjectOfName('alice')).not.toBe(subjectOfName('alicf')));

  it('bounds a name of any length', () => expect(subjectOfName('x'.repeat(100_000)).length).toBeLessThan(100));
});
