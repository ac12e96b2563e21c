import { retryAfterSeconds } from './limit.rules.js';

describe('the limit of attempts', () => {
  it.each([
    ['lets the last allowed attempt through', [20, 31], undefined],
    ['asks the next one to wait for the end of the window', [21, 31], 31],
    ['never asks for less than a second', [21, 0], 1],
  ])('%s', (_name, counted, expected) => expect(retryAfterSeconds(counted, 20)).toBe(expected));
});
