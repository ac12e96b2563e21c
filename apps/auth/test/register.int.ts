import { AccountEntity } from '@parley/persistence';
import { AUTH_TEXT, PATHS } from '@parley/protocol';
import { AuthServer, freshAddress, freshName, OTHER_ONES, PASSWORD } from './auth-server.js';

describe('registering', () => {
  let auth: AuthServer;
  beforeAll(async () => {
    auth = await AuthServer.start();
  });
  afterAll(async () => {
    await auth[Symbol.asyncDispose]();
  });

  it('answers 200 in plain text and sets no cookie', async () => {
    const answer = await auth.register(freshName());
    expect(answer).toMatchObject({ status: 200, text: 'User registered.' });
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; ?charset=utf-8$/i);
    expect(answer.headers.get('set-cookie')).toBeNull();
  });

  it('ignores unknown fields', async () => {
    const body = { username: freshName(), password: PASSWORD, role: 'admin' };
    expect(await auth.ask(PATHS.register, { body })).toMatchObject({ status: 200 });
  });

  it('keeps an argon2id hash and gives an invite code of 32 hex digits', async () => {
    const username = freshName();
    await auth.register(username);
    const account = await auth.database.source.getRepository(AccountEntity).findOneByOrFail({ username });
    expect(account.password).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(account.inviteCode).toMatch(/^[0-9a-f]{32}$/);
    expect(account.contactCount).toBe(0);
  });

  it('takes names in any script, up to 20 characters', async () => {
    const unique = freshName().slice(-8);
    for (const name of [`홍길동_${unique}`, `josé-${unique}`, `${unique}`.padEnd(20, '.')]) {
      expect(await auth.register(name)).toMatchObject({ status: 200 });
      expect(await auth.login(name)).toMatchObject({ status: 200 });
    }
  });

  it.each([
    ['the same name', (name: string) => name],
    ['other case', (name: string) => name.toUpperCase()],
    ['an accent', (name: string) => name.replace('u', 'ü')],
  ])('refuses a name that is taken with 409 (%s)', async (_case, spelling) => {
    const name = freshName();
    await auth.register(name);
    expect(await auth.register(spelling(name))).toMatchObject({ status: 409, text: 'Username is taken.' });
  });

  it('gives a name to one of two who ask for it at the same moment', async () => {
    const name = freshName();
    const answers = await Promise.all([name, name.toUpperCase(), name].map((spelling) => auth.register(spelling)));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409]);
  });

  it.each([
    ['21 characters', { username: 'x'.repeat(21), password: PASSWORD }, 'Username must have 1 to 20 characters.'],
    ['no characters', { username: '', password: PASSWORD }, 'Username must have 1 to 20 characters.'],
    ['a space', { username: 'a b', password: PASSWORD }, /^Username may contain letters/],
    ['no name', { password: PASSWORD }, 'Username must be a text.'],
    ['a number for a name', { username: 7, password: PASSWORD }, 'Username must be a text.'],
    ['no password', { username: 'x' }, 'Password must be a text.'],
    ['a short password', { username: 'x', password: '1234567' }, 'Password must have 8 to 128 characters.'],
    ['a long password', { username: 'x', password: 'p'.repeat(129) }, 'Password must have 8 to 128 characters.'],
    ['a list', [], 'Body must be a JSON object.'],
    ['malformed JSON', '{"username": ', 'Body must be a JSON object.'],
    ['an empty body', '', 'Username must be a text.'],
  ])('answers 400 and says why for %s', async (_case, body, text) => {
    const answer = await auth.ask(PATHS.register, { body });
    expect(answer).toMatchObject({ status: 400, text: expect.stringMatching(text) as unknown });
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
  });

  it.each([['text/plain'], ['application/x-www-form-urlencoded'], ['application/json;charset=latin1']])(
    'answers 400 for a body of type %s',
    async (type) => {
      const body = JSON.stringify({ username: freshName(), password: PASSWORD });
      expect(await auth.ask(PATHS.register, { body, type })).toMatchObject({ status: 400 });
    },
  );

  it('answers 413 for a body that is far too long', async () => {
    const body = { username: 'x'.repeat(200_000), password: PASSWORD };
    expect(await auth.ask(PATHS.register, { body })).toMatchObject({ status: 413, text: 'Body is too long.' });
  });

  it('limits new accounts per address', async () => {
    await using strict = await AuthServer.start({ REGISTER_LIMIT_PER_ADDRESS_PER_MINUTE: '2' });
    const from = freshAddress();
    expect((await strict.register(freshName(), from)).status).toBe(200);
    expect((await strict.register(freshName(), from)).status).toBe(200);
    const third = await strict.register(freshName(), from);
    expect(third).toMatchObject({ status: 429, text: AUTH_TEXT.tooManyAttempts });
    expect(Number(third.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await strict.register(freshName())).status).toBe(200);
  });

  it('limits attempts to register one name, however it is spelled, from wherever they come', async () => {
    await using strict = await AuthServer.start({ REGISTER_LIMIT_PER_MINUTE: '2' });
    const name = `${freshName()}1`;
    expect((await strict.register(name)).status).toBe(200);
    expect((await strict.register(name.toUpperCase())).status).toBe(409);
    const third = await strict.register(name.replace(/1$/, OTHER_ONES[0] ?? ''));
    expect(third).toMatchObject({ status: 429, text: AUTH_TEXT.tooManyAttempts });
    expect(Number(third.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await strict.register(freshName())).status).toBe(200);
  });

  it.each([
    [
      'database',
      { USER_DB_SOURCE_URL: 'mysql://parley:f83kd02mx7qp@127.0.0.1:1/parley_users' },
      // Only the session has to go, and that is in Redis.
      { status: 200, text: 'Logout success.' },
    ],
    ['Redis', { REDIS_NODES: '127.0.0.1:1' }, { status: 503, text: 'Logout failed.' }],
  ])('answers 503 to what needs the %s while that is away', async (_server, settings, loggedOut) => {
    const { name, cookie } = await auth.newcomer();
    await using cutOff = await AuthServer.startUnready(settings);
    const unregistered = await cutOff.ask(PATHS.unregister, { cookie });
    expect(unregistered).toMatchObject({ status: 503, text: 'Unregister user failed.' });
    expect(unregistered.headers.get('retry-after')).toBe('2');
    expect(await cutOff.ask(PATHS.logout, { cookie })).toMatchObject(loggedOut);
    expect(await auth.login(name)).toMatchObject({ status: 200 });
    expect(await cutOff.register(freshName())).toMatchObject({ status: 503, text: 'Register user failed.' });
    const login = await cutOff.login(freshName());
    expect(login).toMatchObject({ status: 503, text: 'Login failed.' });
    expect(login.headers.get('retry-after')).toBe('2');
    const { text: metrics } = await cutOff.ask('/metrics', { method: 'GET' });
    expect(metrics).toMatch(/^auth_failures_total\{.*path="\/api\/v1\/auth\/login".*\} 1$/m);
  });

  it.each([
    ['POST', '/api/v1/auth/nothing'],
    ['GET', PATHS.register],
    ['GET', '/'],
  ])('answers 404 and starts no session for %s %s', async (method, path) => {
    const answer = await auth.ask(path, { method });
    expect(answer.status).toBe(404);
    expect(answer.headers.get('set-cookie')).toBeNull();
  });
});
