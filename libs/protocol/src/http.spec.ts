import { LoginRequest, RegisterRequest } from './http.js';

const password = 'correct horse';
const problem = (body: unknown): string | undefined => RegisterRequest.safeParse(body).error?.issues[0]?.message;

describe('a username', () => {
  it.each(['a', 'ann', 'Ann_B-2.x', 'x'.repeat(20), '홍길동', 'josé', 'jose\u0301', 'Жанна', 'नमस्ते', '٣'])(
    'may be %s',
    (username) => {
      expect(problem({ username, password })).toBeUndefined();
    },
  );

  it.each([
    ['', 'username must have 1 to 20 characters'],
    ['x'.repeat(21), 'username must have 1 to 20 characters'],
    ['홍'.repeat(21), 'username must have 1 to 20 characters'],
    ...['an n', ' ann', 'ann\n', 'ann@home', 'ann/', '👋', 'a\u0000b', 'a\u202eb'].map((name) => [
      name,
      'username may contain letters, digits, "_", "-" and "." only',
    ]),
  ])('may not be %j', (username, message) => {
    expect(problem({ username, password })).toBe(message);
  });

  it.each([undefined, null, 7, ['ann']])('is a text, not %j', (username) => {
    expect(problem({ username, password })).toBe('username must be a text');
  });
});

describe('a new password', () => {
  it.each(['12345678', 'p'.repeat(128), '비밀번호비밀번호', '👋'.repeat(128), '        '])('may be %j', (text) => {
    expect(problem({ username: 'ann', password: text })).toBeUndefined();
  });

  it.each(['', '1234567', 'p'.repeat(129), '👋👋👋👋'])('may not be %j', (text) => {
    expect(problem({ username: 'ann', password: text })).toBe('password must have 8 to 128 characters');
  });

  it('is a text', () => {
    expect(problem({ username: 'ann', password: 12345678 })).toBe('password must be a text');
  });
});

describe('a login', () => {
  it('takes any texts: whether they are right is one answer', () => {
    expect(LoginRequest.safeParse({ username: 'no such name!', password: '' }).success).toBe(true);
  });

  it.each([
    [{ password }, 'username must be a text'],
    [{ username: 'ann' }, 'password must be a text'],
  ])('needs both: %j', (body, message) => {
    expect(LoginRequest.safeParse(body).error?.issues[0]?.message).toBe(message);
  });
});
