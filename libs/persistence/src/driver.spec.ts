import { isWritable } from './driver.js';

describe('the role of a server', () => {
  it.each([
    ['0', true],
    ['OFF', true],
    ['1', false],
    ['ON', false],
    ['READ_ONLY', false],
  ])('with read_only %s takes writes: %s', (readOnly, expected) => expect(isWritable([{ readOnly }])).toBe(expected));

  it('is not to write when the answer is no answer', () => {
    for (const answer of [undefined, [], [null], [{}], 'OFF']) expect(isWritable(answer)).toBe(false);
  });
});
