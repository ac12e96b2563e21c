import { createHash, randomBytes } from 'node:crypto';
import { Session, sessionCookie, sessionHash } from './session.js';

const cookie = randomBytes(36).toString('base64');

describe('the session cookie', () => {
  it.each([
    ['alone', `SESSION=${cookie}`],
    ['among others', `theme=dark; SESSION=${cookie}; lang=ko`],
    ['without spaces', `theme=dark;SESSION=${cookie}`],
    ['percent-encoded', `SESSION=${encodeURIComponent(cookie)}`],
    ['first of two', `SESSION=${cookie}; SESSION=other`],
  ])('is found %s', (_, header) => {
    expect(sessionCookie(header)).toBe(cookie);
  });

  it('keeps its equals signs', () => {
    expect(sessionCookie('SESSION=a=b==')).toBe('a=b==');
  });

  it.each([undefined, '', ';;', 'SESSIONS=a', 'session=a', 'XSESSION=a', 'SESSION=%zz'])(
    'is absent in %j',
    (header) => {
      expect(sessionCookie(header)).toBeUndefined();
    },
  );
});

describe('the name under which a session is stored', () => {
  it('is the SHA-256 of the cookie, from which nobody gets the cookie back', () => {
    expect(sessionHash(cookie)).toBe(createHash('sha256').update(cookie).digest('hex'));
  });

  it.each([
    '',
    'a',
    `${cookie}A`,
    cookie.slice(1),
    '%'.repeat(48),
    ' '.repeat(48),
    `${'A'.repeat(47)}\n`,
    `${'A'.repeat(47)}=`,
  ])('does not exist for %j, which no login has given out', (value) => {
    expect(sessionHash(value)).toBeUndefined();
  });
});

describe('what a session says', () => {
  it('is read from a Redis hash, where numbers are texts', () => {
    const stored = { userId: '7', username: 'ann', createdAt: '2025-01-01T00:00:00.000Z' };
    expect(Session.parse(stored)).toEqual({ ...stored, userId: 7 });
  });

  it.each([[{}], [{ userId: '7', username: 'ann' }], [{ userId: 'x', username: 'ann', createdAt: '' }]])(
    'is no session when something is missing: %j',
    (stored) => {
      expect(Session.safeParse(stored).success).toBe(false);
    },
  );
});
