import { asksForNotices } from './handshake.js';

describe('a socket asks for notices', () => {
  it.each([
    ['/ws/v1/message?notices=1', true],
    ['/ws/v1/message?device=desk&notices=1', true],
    ['/ws/v1/message', false],
    ['/ws/v1/message?', false],
    ['/ws/v1/message?notices=0', false],
    ['/ws/v1/message?notices=', false],
    ['/ws/v1/message?notices=true', false],
    ['/ws/v1/message?notices=11', false],
    ['/ws/v1/message?other=notices=1', false],
    [undefined, false],
  ])('with %s: %s', (url, asks) => {
    expect(asksForNotices(url)).toBe(asks);
  });
});
