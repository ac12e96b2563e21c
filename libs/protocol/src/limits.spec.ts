import { decodeClientFrame } from './codec.js';
import { codePoints, LIMITS } from './limits.js';

const write = (content: string) => decodeClientFrame(JSON.stringify({ type: 'WRITE_MESSAGE', channelId: 1, content }));

describe('the length of a text', () => {
  it.each([
    ['', 0],
    ['abc', 3],
    ['한글', 2],
    ['👋', 1],
    ['👨‍👩‍👧', 5],
    ['e\u0301', 2],
    ['\ud83d', 1],
  ])('of %j is %i code points', (text, count) => {
    expect(codePoints(text)).toBe(count);
  });

  it.each([
    ['letters', 'x'],
    ['letters of two units', '👋'],
    ['letters of three bytes', '한'],
  ])(`is the same for content in %s: ${LIMITS.contentCharacters} pass, one more does not`, (_, letter) => {
    expect(write(letter.repeat(LIMITS.contentCharacters)).ok).toBe(true);
    expect(write(letter.repeat(LIMITS.contentCharacters + 1)).ok).toBe(false);
  });

  it('of the longest content leaves room for the rest of its frame', () => {
    const frame = { type: 'WRITE_MESSAGE', serial: Number.MAX_SAFE_INTEGER, channelId: Number.MAX_SAFE_INTEGER };
    const content = '👋'.repeat(LIMITS.contentCharacters);
    expect(JSON.stringify({ ...frame, content }).length).toBeLessThan(LIMITS.frameCharacters);
  });
});
