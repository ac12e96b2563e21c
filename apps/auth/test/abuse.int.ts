import { jest } from '@jest/globals';
import { PATHS } from '@parley/protocol';
import { AuthServer, freshName, PASSWORD } from './auth-server.js';

let auth: AuthServer;
beforeAll(async () => {
  auth = await AuthServer.start();
}, 30_000);
afterAll(() => auth[Symbol.asyncDispose]());

describe('whether a name has an account', () => {
  it('is not told by the answer to a login, nor by the work done for it', async () => {
    const { name } = await auth.newcomer();
    const matches = jest.spyOn(auth.passwords, 'matches');
    try {
      const answers = [];
      for (const tried of [name, freshName(), 'a name that nobody can have']) {
        matches.mockClear();
        const { status, text, headers } = await auth.login(tried, 'wrong horse');
        answers.push([status, text, [...headers.keys()].toSorted().join()]);
        expect(matches).toHaveBeenCalledTimes(1);
      }
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    } finally {
      matches.mockRestore();
    }
  });
});

describe('a session', () => {
  it('is more than 256 random bits, other ones at each login', async () => {
    const { name, cookie } = await auth.newcomer();
    const cookies = new Set([cookie]);
    for (let i = 0; i < 5; i += 1) cookies.add((await auth.login(name)).text);
    expect(cookies.size).toBe(6);
    for (const each of cookies) expect(Buffer.from(each, 'base64').length * 8).toBeGreaterThanOrEqual(256);
  });

  it('is never the one that came with the login, whoever has chosen that', async () => {
    const name = freshName();
    await auth.register(name);
    const { cookie: eves } = await auth.newcomer();
    for (const chosen of ['A'.repeat(48), eves]) {
      const answer = await auth.ask(PATHS.login, { body: { username: name, password: PASSWORD }, cookie: chosen });
      expect(answer.status).toBe(200);
      expect(answer.text).not.toBe(chosen);
      expect((await auth.sessions.find(chosen))?.holder.username).not.toBe(name);
    }
  });
});

describe('a page of somebody else', () => {
  const FORM_TYPES = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'];

  it.each(FORM_TYPES)('cannot log anybody in or register with what a form can send: %s', async (type) => {
    const body = JSON.stringify({ username: freshName(), password: PASSWORD });
    expect((await auth.ask(PATHS.register, { body, type })).status).toBe(400);
    expect((await auth.ask(PATHS.login, { body, type })).status).toBe(401);
  });

  it.each(['cross-site', 'same-site'])(
    'cannot end a session or an account, even with the cookie (%s)',
    async (site) => {
      const { cookie } = await auth.newcomer();
      for (const path of [PATHS.logout, PATHS.unregister]) {
        const answer = await auth.ask(path, { cookie, headers: { 'sec-fetch-site': site } });
        expect(answer).toMatchObject({ status: 403, text: '' });
      }
      expect(await auth.sessions.find(cookie)).toBeDefined();
    },
  );

  it.each(['http://127.0.0.1:1', 'http://evil.example', 'null'])(
    'cannot do so either where the browser tells its origin alone, as over plain HTTP (%s)',
    async (origin) => {
      const { cookie } = await auth.newcomer();
      for (const path of [PATHS.logout, PATHS.unregister]) {
        expect(await auth.ask(path, { cookie, headers: { origin } })).toMatchObject({ status: 403, text: '' });
      }
      expect(await auth.sessions.find(cookie)).toBeDefined();
    },
  );

  it.each([
    ['by what the browser says', () => ({ 'sec-fetch-site': 'same-origin' })],
    ['by its origin', () => ({ origin: auth.origin })],
  ])('is told apart from our own %s', async (_how, headersOf) => {
    const { cookie } = await auth.newcomer();
    expect(await auth.ask(PATHS.logout, { cookie, headers: headersOf() })).toMatchObject({ status: 200 });
  });

  it('gets nothing of an answer to read: no answer allows another origin', async () => {
    const { cookie } = await auth.newcomer();
    const asked = { cookie, headers: { origin: 'https://evil.example' } };
    const answers = [
      await auth.ask(PATHS.login, { ...asked, method: 'OPTIONS' }),
      await auth.ask(PATHS.logout, asked),
      await auth.login(freshName()),
    ];
    for (const { headers } of answers) expect(headers.get('access-control-allow-origin')).toBeNull();
  });
});
