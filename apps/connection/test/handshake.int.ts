import { request } from 'node:http';
import { randomBytes } from 'node:crypto';
import { PATHS } from '@parley/protocol';
import { ConnectionFixture } from './connection-fixture.js';

let server: ConnectionFixture;
beforeAll(async () => {
  server = await ConnectionFixture.start({ ALLOWED_ORIGINS: 'same-host,https://app.test', MAX_SOCKETS: '3' });
}, 60_000);
afterAll(async () => server[Symbol.asyncDispose]());

const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

/** Status and body of a plain or an upgrade request. */
function ask(path: string, headers: Record<string, string>): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, server.url), { headers });
    sent.on('response', (response) => {
      let body = '';
      response.on('data', (chunk) => (body += String(chunk)));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode ?? 0, body: '' });
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('opening a socket', () => {
  it.each([
    ['without a cookie', {}],
    ['with a cookie that is not base64', { cookie: 'SESSION=%%%' }],
    ['with a cookie that was never given', { cookie: `SESSION=${randomBytes(36).toString('base64')}` }],
  ])('is refused with 401 and nothing else %s', async (_name, headers) => {
    expect(await ask(PATHS.webSocket, { ...UPGRADE, ...headers })).toEqual({ status: 401, body: '' });
  });

  it('is refused with 401 when the session has ended', async () => {
    const { cookie, wire } = await server.visitor();
    const session = await server.sessions.find(cookie);
    if (session !== undefined) await server.sessions.end(session);
    expect(await ask(PATHS.webSocket, { ...UPGRADE, cookie: `SESSION=${cookie}` })).toMatchObject({ status: 401 });
    wire.cut();
  });

  it('is refused with 401 to a page that shows another user than the cookie is of', async () => {
    const { cookie, wire, userId } = await server.visitor();
    const asked = (user: string) =>
      ask(`${PATHS.webSocket}?notices=1&user=${user}`, { ...UPGRADE, cookie: `SESSION=${cookie}` });
    expect(await asked('somebody')).toEqual({ status: 401, body: '' });
    expect(await asked(`USER${userId}`)).toMatchObject({ status: 101 });
    wire.cut();
  });

  it('is refused with 403 to a foreign page, however good its cookie', async () => {
    const { cookie, wire } = await server.visitor();
    const headers = { ...UPGRADE, cookie: `SESSION=${cookie}`, origin: 'http://evil.test' };
    expect(await ask(PATHS.webSocket, headers)).toEqual({ status: 403, body: '' });
    wire.cut();
  });

  it('is granted to pages of the same host and to listed ones', async () => {
    for (const origin of [server.url, 'https://app.test']) {
      const { wire } = await server.visitor({ origin });
      await wire[Symbol.asyncDispose]();
    }
  });

  it('exists on one path only', async () => {
    expect((await ask('/ws/v2/message', UPGRADE)).status).toBe(404);
    expect((await ask('/ws/v2/message', {})).status).toBe(404);
  });

  it('answers 400 to a request that is no upgrade', async () => {
    expect((await ask(PATHS.webSocket, {})).status).toBe(400);
  });

  it('takes an offer of h2c for the plain request that it is', async () => {
    const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQ' };
    expect((await ask('/health/live', headers)).status).toBe(200);
  });

  it('is refused with 503 when there are enough', async () => {
    const visitors = [await server.visitor(), await server.visitor(), await server.visitor()];
    await expect(server.visitor()).rejects.toThrow('503');
    for (const { wire } of visitors) await wire[Symbol.asyncDispose]();
  });
});
