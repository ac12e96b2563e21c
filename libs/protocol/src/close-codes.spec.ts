import { CLOSE, reconnectAfter } from './close-codes.js';

describe('close codes', () => {
  it.each([
    ['goingAway', 'resume'],
    ['binary', 'resume'],
    ['tooBig', 'resume'],
    ['slowConsumer', 'resume'],
    ['deaf', 'resume'],
    ['sessionEnded', 'login'],
    ['flood', 'backoff'],
  ] as const)('%s asks for %s', (name, next) => {
    expect(reconnectAfter(CLOSE[name].code)).toBe(next);
  });

  it.each([
    [1006, 'resume'],
    [4099, 'resume'],
    [4100, 'login'],
    [4199, 'login'],
    [4200, 'backoff'],
    [4299, 'backoff'],
    [4300, 'resume'],
  ])('%i, used or not, asks for %s: the hundreds decide', (code, next) => {
    expect(reconnectAfter(code)).toBe(next);
  });

  it('are different, of the standard or of our own range, with a reason that fits into a close frame', () => {
    const all = Object.values(CLOSE);
    expect(new Set(all.map(({ code }) => code)).size).toBe(all.length);
    for (const { code, reason } of all) {
      expect([1001, 1003, 1009].includes(code) || (code >= 4000 && code < 4300)).toBe(true);
      expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123);
    }
  });
});
