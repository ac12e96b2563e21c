import { AllowedOrigins } from './allowed-origins.js';

describe('allowed origins', () => {
  it.each([
    ['a program without an origin', 'same-host', {}, true],
    ['a page of the same host', 'same-host', { origin: 'http://chat.test:18080', host: 'chat.test:18080' }, true],
    ['a page of the same host in other case', 'same-host', { origin: 'http://Chat.test', host: 'chat.TEST' }, true],
    [
      'a page whose default port is written out',
      'same-host',
      { origin: 'https://chat.test', host: 'chat.test:443' },
      true,
    ],
    [
      'a page of the host the balancer was asked for',
      'same-host',
      { origin: 'https://chat.test', host: '10.0.0.3:18120', 'x-forwarded-host': 'chat.test' },
      true,
    ],
    ['a page of another port', 'same-host', { origin: 'http://chat.test:81', host: 'chat.test:18080' }, false],
    ['a page of another host', 'same-host', { origin: 'http://evil.test', host: 'chat.test' }, false],
    ['a page without an origin of its own', 'same-host', { origin: 'null', host: 'chat.test' }, false],
    ['a listed page', 'same-host, https://app.test', { origin: 'https://app.test', host: 'chat.test' }, true],
    ['a listed page under another scheme', 'https://app.test', { origin: 'http://app.test', host: 'chat.test' }, false],
    [
      'the same host when only others are listed',
      'https://app.test',
      { origin: 'http://a.test', host: 'a.test' },
      false,
    ],
    ['any page when all are allowed', '*', { origin: 'http://evil.test', host: 'chat.test' }, true],
  ])('%s', (_name, setting, headers, allowed) => {
    expect(new AllowedOrigins(setting).allows(headers)).toBe(allowed);
  });
});
