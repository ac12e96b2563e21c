import { sessionCookie, sessionHash } from '@parley/contracts';

const value = 'AbCd+/12'.repeat(6);

describe('the session cookie of a request', () => {
  it.each([
    ['is found alone', `SESSION=${value}`],
    ['is found among others', `theme=dark; SESSION=${value}; lang=ko`],
    ['is found without spaces', `theme=dark;SESSION=${value};lang=ko`],
    ['is found percent-encoded', `SESSION=${encodeURIComponent(value)}`],
  ])('%s', (_name, header) => expect(sessionCookie(header)).toBe(value));

  it.each([
    ['without cookies', undefined],
    ['among others only', 'theme=dark; XSESSION=abc'],
    ['in a broken encoding', 'SESSION=%zz'],
  ])('is not found %s', (_name, header) => expect(sessionCookie(header)).toBeUndefined());
});

describe('the name a session is stored under', () => {
  it('is not the cookie and does not contain it', () => expect(sessionHash(value)).toMatch(/^[0-9a-f]{64}$/));

  it.each([['', 'too short', value.slice(1), `${value}A`, `${value.slice(1)}=`, `${value.slice(1)}\n`]])(
    'does not exist for a value that is no cookie (%p)',
    (...values) => expect(values.map(sessionHash)).toEqual(values.map(() => undefined)),
  );
});
