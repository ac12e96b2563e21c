import { ManualClock } from '../test/manual-clock.js';
import { Api, NoAnswer } from './api.js';
import { Endpoints } from './endpoints.js';
import { Unreachable } from './errors.js';

interface Call {
  readonly url: string;
  readonly init: RequestInit | undefined;
}

function api(answer: (url: string) => Promise<Response>) {
  const calls: Call[] = [];
  const fetch = (url: string, init?: RequestInit): Promise<Response> => {
    calls.push({ url, init });
    return answer(url);
  };
  const clock = new ManualClock();
  const endpoints = new Endpoints(() => Promise.resolve(['http://one', 'http://two']));
  return { calls, clock, api: new Api(endpoints, fetch, clock) };
}

/** As Node's fetch fails; a browser's gives no cause. */
const failing = (cause?: unknown) => (): Promise<Response> => Promise.reject(new TypeError('fetch failed', { cause }));
const unreachable = failing({ code: 'ECONNREFUSED' });
const text = (body: string, status = 200, headers: Record<string, string> = {}): Promise<Response> =>
  Promise.resolve(new Response(body, { status, headers }));

describe('api', () => {
  it('logs in and keeps the body as the session cookie', async () => {
    const { api: rest, calls } = api(() => text('abc='));
    expect(await rest.login('ann', 'secret99')).toMatchObject({
      ok: true,
      session: { username: 'ann', cookie: 'abc=' },
    });
    expect(calls[0]).toMatchObject({
      url: 'http://one/api/v1/auth/login',
      init: { method: 'POST', body: '{"username":"ann","password":"secret99"}' },
    });
  });

  it('names the user of a page, whose cookie the browser chooses', async () => {
    const { api: rest, calls } = api(() => text('[]'));
    await rest.pushInbox({ username: 'rené' });
    await rest.logout({ username: 'rené' });
    await rest.logout({ username: 'rené', cookie: 'abc' });
    expect(calls.map(({ url }) => url.replace('http://one/api/v1', ''))).toEqual([
      '/push/inbox?user=ren%C3%A9',
      '/auth/logout?user=ren%C3%A9',
      '/auth/logout',
    ]);
  });

  it('takes any status as the final answer', async () => {
    const { api: rest, calls } = api(() => text('Register user failed.', 500));
    expect(await rest.register('ann', 'secret99')).toMatchObject({
      status: 500,
      ok: false,
      body: 'Register user failed.',
    });
    expect(calls).toHaveLength(1);
  });

  it('tells how long to wait after too many attempts', async () => {
    const { api: rest } = api(() => text('Too many attempts.', 429, { 'Retry-After': '7' }));
    expect(await rest.login('ann', 'x')).toMatchObject({ session: undefined, retryAfter: 7 });
  });

  it('logs in as soon as the service can, as patiently as it asks for', async () => {
    const answers = [text('Login failed.', 503, { 'Retry-After': '2' }), text('Busy.', 503), text('abc=')];
    const { api: rest, calls, clock } = api(() => answers.shift() ?? unreachable());
    const login = rest.login('ann', 'secret99');
    await clock.pass(1_999);
    expect(calls).toHaveLength(1);
    await clock.pass(1);
    expect(calls).toHaveLength(2);
    await clock.pass(1_000);
    expect(await login).toMatchObject({ ok: true, session: { cookie: 'abc=' } });
  });

  it('gives a service that stays busy four tries, and says how long to wait then', async () => {
    const { api: rest, calls, clock } = api(() => text('Logout failed.', 503, { 'Retry-After': '60' }));
    const logout = rest.logout({ username: 'ann', cookie: 'abc' });
    await clock.pass(9_000);
    expect(await logout).toMatchObject({ status: 503, body: 'Logout failed.', retryAfter: 60 });
    expect(calls).toHaveLength(4);
  });

  it('does not repeat a registration: the first may have been carried out', async () => {
    const { api: rest, calls } = api(() => text('Register user failed.', 503));
    expect(await rest.register('ann', 'secret99')).toMatchObject({ status: 503 });
    expect(calls).toHaveLength(1);
  });

  it('goes to the next server when one cannot be reached', async () => {
    const { api: rest, calls } = api((url) => (url.startsWith('http://one') ? unreachable() : text('Logout success.')));
    expect(await rest.logout({ username: 'ann', cookie: 'abc' })).toMatchObject({ ok: true });
    expect(calls[1]).toMatchObject({
      url: 'http://two/api/v1/auth/logout',
      init: { headers: { Cookie: 'SESSION=abc' } },
    });
  });

  it('does not repeat a request that was taken but not answered', async () => {
    const { api: rest, calls } = api(() => Promise.reject(new DOMException('timed out', 'TimeoutError')));
    await expect(rest.register('ann', 'secret99')).rejects.toThrow(NoAnswer);
    expect(calls).toHaveLength(1);
  });

  describe.each([
    ['registration', (rest: Api) => rest.register('ann', 'secret99')],
    ['end of an account', (rest: Api) => rest.unregister({ username: 'ann', cookie: 'abc' })],
  ])('the %s', (_what, request) => {
    it.each([
      ['breaks off', { code: 'ECONNRESET' }],
      ['is closed by the other side', { code: 'UND_ERR_SOCKET' }],
      ['fails for a reason that a browser does not tell', undefined],
      ['breaks off at one address', new AggregateError([{ code: 'ENETUNREACH' }, { code: 'ECONNRESET' }])],
    ])('is not repeated when the connection %s', async (_how, cause) => {
      const { api: rest, calls } = api(failing(cause));
      await expect(request(rest)).rejects.toThrow(NoAnswer);
      expect(calls).toHaveLength(1);
    });

    it.each([
      ['is refused', { code: 'ECONNREFUSED' }],
      ['is not made in time', { code: 'UND_ERR_CONNECT_TIMEOUT' }],
      ['is made at no address', new AggregateError([{ code: 'ENETUNREACH' }, { code: 'ETIMEDOUT' }])],
    ])('goes to the next server when the connection %s', async (_how, cause) => {
      const fails = failing(cause);
      const { api: rest, calls } = api((url) => (url.startsWith('http://one') ? fails() : text('Done.')));
      expect(await request(rest)).toMatchObject({ ok: true });
      expect(calls).toHaveLength(2);
    });
  });

  it('repeats a login whose connection breaks off: a second session does no harm', async () => {
    const broken = failing({ code: 'ECONNRESET' });
    const { api: rest } = api((url) => (url.startsWith('http://one') ? broken() : text('abc=')));
    expect(await rest.login('ann', 'secret99')).toMatchObject({ ok: true });
  });

  it('fails when no server can be reached', async () => {
    await expect(api(unreachable).api.unregister({ username: 'ann' })).rejects.toThrow(Unreachable);
  });

  it('reads the push inbox', async () => {
    const entry = {
      type: 'NOTIFY_MESSAGE',
      channelId: 1,
      messageSeqId: 2,
      username: 'bob',
      content: 'hi',
      createdAt: 'x',
    };
    const { api: rest } = api(() => text(JSON.stringify([entry])));
    expect(await rest.pushInbox({ username: 'ann' })).toEqual([entry]);
  });
});
