import { sessionHash } from '@parley/contracts';
import { AUTH_TEXT, PATHS } from '@parley/protocol';
import { eventually } from '@parley/testing';
import { Announcements, AuthServer, freshAddress, freshName, OTHER_ONES, PASSWORD } from './auth-server.js';

let auth: AuthServer;
let announcements: Announcements;
beforeAll(async () => {
  auth = await AuthServer.start();
  announcements = await Announcements.open(auth.log);
}, 30_000);
afterAll(async () => {
  await announcements[Symbol.asyncDispose]();
  await auth[Symbol.asyncDispose]();
});

const endedSessions = () =>
  announcements.control.flatMap((record) => (record.kind === 'SESSION_ENDED' ? [record.session] : []));

describe('logging in', () => {
  it('answers with the cookie value and sets it as the cookie', async () => {
    const name = freshName();
    await auth.register(name);
    const answer = await auth.login(name);
    expect(answer.status).toBe(200);
    expect(answer.text).toMatch(/^[A-Za-z0-9+/]{48}$/);
    expect(answer.headers.get('set-cookie')).toBe(`SESSION=${answer.text}; Path=/; HttpOnly; SameSite=Lax`);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; ?charset=utf-8$/i);
  });

  it('finds the account in other case and remembers the name as it was registered', async () => {
    const { name } = await auth.newcomer();
    const { text: cookie } = await auth.login(name.toUpperCase());
    expect((await auth.sessions.find(cookie))?.holder.username).toBe(name);
  });

  it('makes a new session every time and keeps the others', async () => {
    const { name, cookie } = await auth.newcomer();
    const { text: other } = await auth.login(name);
    expect(other).not.toBe(cookie);
    expect(await auth.sessions.find(cookie)).toBeDefined();
  });

  it('sets a secure cookie where it is told to', async () => {
    const { name } = await auth.newcomer();
    await using secure = await AuthServer.start({ COOKIE_SECURE: 'true' });
    expect((await secure.login(name)).headers.get('set-cookie')).toMatch(/; Secure$/);
  });

  it.each([
    ['a wrong password', { password: 'wrong horse' }, 'application/json'],
    ['a password in other case', { password: PASSWORD.toUpperCase() }, 'application/json'],
    ['an unknown name', { username: 'nobody-at-all' }, 'application/json'],
    ['a name with a space behind it', { username: 'known ' }, 'application/json'],
    ['a body that is not JSON', {}, 'text/plain'],
    ['a body in an unknown encoding', {}, 'application/json;charset=latin1'],
  ])('answers 401 for %s', async (_case, over, type) => {
    const { name } = await auth.newcomer();
    const body = JSON.stringify({ username: name, password: PASSWORD, ...over });
    const answer = await auth.ask(PATHS.login, { body, type });
    expect(answer).toMatchObject({ status: 401, text: 'Not authenticated.' });
    expect(answer.headers.get('set-cookie')).toBeNull();
  });

  it('answers 401 without any body', async () => {
    expect(await auth.ask(PATHS.login)).toMatchObject({ status: 401, text: 'Not authenticated.' });
  });

  it.each([
    ['malformed JSON', '{', 'Body must be a JSON object.'],
    ['no password', { username: 'x' }, 'Password must be a text.'],
  ])('answers 400 and says why for %s', async (_case, body, text) => {
    const expected = { status: 400, text: expect.stringMatching(text) as unknown };
    expect(await auth.ask(PATHS.login, { body })).toMatchObject(expected);
  });

  it('limits failures per name, however it is spelled, and does not count good logins', async () => {
    await using strict = await AuthServer.start({ LOGIN_LIMIT_PER_MINUTE: '2' });
    const name = freshName();
    await strict.register(name);
    for (let good = 0; good < 3; good++) expect((await strict.login(name)).status).toBe(200);
    expect((await strict.login(name, 'wrong horse')).status).toBe(401);
    expect((await strict.login(name.toUpperCase(), 'wrong horse')).status).toBe(401);
    const refused = await strict.login(name);
    expect(refused).toMatchObject({ status: 429, text: AUTH_TEXT.tooManyAttempts });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it.each([true, false])(
    'counts failures in one for all spellings that the database takes for one name (with an account: %s)',
    async (hasAccount) => {
      await using strict = await AuthServer.start({ LOGIN_LIMIT_PER_MINUTE: '3' });
      const name = `${freshName()}1`;
      if (hasAccount) await strict.register(name);
      const spellings = [name, ...OTHER_ONES.map((one) => name.replace(/1$/, one))];
      if (hasAccount) for (const spelling of spellings) expect((await strict.login(spelling)).status).toBe(200);
      const statuses = [];
      for (const spelling of spellings) statuses.push((await strict.login(spelling, 'wrong horse')).status);
      expect(statuses).toEqual([401, 401, 401, 429]);
      expect((await strict.login(freshName())).status).toBe(401);
    },
  );

  it('limits logins per address', async () => {
    await using strict = await AuthServer.start({ LOGIN_LIMIT_PER_ADDRESS_PER_MINUTE: '2' });
    const from = freshAddress();
    for (let attempt = 0; attempt < 2; attempt++) {
      expect((await strict.login(freshName(), PASSWORD, from)).status).toBe(401);
    }
    expect((await strict.login(freshName(), PASSWORD, from)).status).toBe(429);
    expect((await strict.login(freshName())).status).toBe(401);
  });
});

describe('a session', () => {
  it('ends by itself when nothing is heard of it', async () => {
    await using brief = await AuthServer.start({ SESSION_TTL_SECONDS: '1' });
    const { cookie } = await brief.newcomer();
    expect(await brief.sessions.find(cookie)).toBeDefined();
    await eventually(async () => expect(await brief.sessions.find(cookie)).toBeUndefined());
    expect(await brief.ask(PATHS.logout, { cookie })).toMatchObject({ status: 401 });
  });

  it('gets its full time again when it is renewed', async () => {
    const { cookie } = await auth.newcomer();
    await using brief = await AuthServer.start({ SESSION_TTL_SECONDS: '1' });
    const active = await auth.sessions.find(cookie);
    if (active === undefined) throw new Error('no session');
    await brief.sessions.renew(active);
    await auth.sessions.renew(active);
    const other = await brief.newcomer();
    await eventually(async () => expect(await brief.sessions.find(other.cookie)).toBeUndefined());
    expect(await auth.sessions.find(cookie)).toBeDefined();
  });

  it('is found by another instance', async () => {
    await using second = await AuthServer.start();
    const { cookie } = await auth.newcomer();
    expect(await second.ask(PATHS.logout, { cookie })).toMatchObject({ status: 200 });
  });
});

describe('logging out', () => {
  it('ends the session, lets its sockets close and expires the cookie', async () => {
    const { cookie } = await auth.newcomer();
    const answer = await auth.ask(PATHS.logout, { cookie });
    expect(answer).toMatchObject({ status: 200, text: 'Logout success.' });
    expect(answer.headers.get('set-cookie')).toMatch(/^SESSION=; Path=\/; .*Max-Age=0/);
    await eventually(() => expect(endedSessions()).toContain(sessionHash(cookie)));
  });

  it('ends no session of another user than the one that a page names', async () => {
    const { name, cookie } = await auth.newcomer();
    expect(await auth.ask(`${PATHS.logout}?user=somebody`, { cookie })).toMatchObject({ status: 401 });
    expect(await auth.ask(`${PATHS.logout}?user=${name.toUpperCase()}`, { cookie })).toMatchObject({ status: 200 });
  });

  it('makes a stolen cookie worthless', async () => {
    const { cookie } = await auth.newcomer();
    await auth.ask(PATHS.logout, { cookie });
    expect(await auth.ask(PATHS.logout, { cookie })).toMatchObject({ status: 401, text: 'Logout failed.' });
    expect(await auth.ask(PATHS.unregister, { cookie })).toMatchObject({ status: 403, text: '' });
  });

  it.each([['no-base64-at-all'], ['%zz'], ['A'.repeat(48)], ['A'.repeat(5000)]])(
    'answers 401 without a session and starts none (%#)',
    async (cookie) => {
      const answer = await auth.ask(PATHS.logout, { cookie });
      expect(answer).toMatchObject({ status: 401, text: 'Logout failed.' });
      expect(answer.headers.get('set-cookie')).toBeNull();
    },
  );

  it('accepts a cookie that a browser has percent-encoded', async () => {
    const { cookie } = await auth.newcomer();
    expect(await auth.ask(PATHS.logout, { cookie: encodeURIComponent(cookie) })).toMatchObject({ status: 200 });
  });
});
