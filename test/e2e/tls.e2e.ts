import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { request as plainRequest, type IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import { PATHS, SESSION_COOKIE } from '@parley/protocol';
import { Balancer, eventually, PASSWORD, runningSystem, uniqueName } from '@parley/testing';
import { WebSocket } from 'ws';

const system = await runningSystem();
const { description } = system.stack;
const NAME = 'nginx-tls';

let dir: string;
/** Where the load balancer looks for them. */
let files: { certificate: string; key: string };
let ca: Buffer;
let balancer: Balancer;
let port: number;

/** A new certificate takes the place of the one before, and so does its key. */
async function renew(): Promise<void> {
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const options = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const made = { certificate: `${files.certificate}.new`, key: `${files.key}.new` };
  const output = ['-keyout', made.key, '-out', made.certificate];
  await promisify(execFile)('openssl', ['req', '-x509', ...options, ...names, ...output]);
  ca = await readFile(made.certificate);
  await rename(made.key, files.key);
  await rename(made.certificate, files.certificate);
}

/** One more load balancer of the running system, with a certificate of its own. */
beforeAll(async () => {
  dir = await mkdtemp(join(description.stateDir, 'tls-'));
  files = { certificate: join(dir, 'certificate.pem'), key: join(dir, 'key.pem') };
  await renew();
  balancer = await Balancer.add(system.stack, NAME, {
    NGINX_TLS_CERTIFICATE: files.certificate,
    NGINX_TLS_KEY: files.key,
  });
  port = balancer.port;
  await eventually(async () => expect((await ask('GET', PATHS.login)).status).toBe(404), 20_000);
}, 60_000);

afterAll(async () => {
  await balancer.stop();
  await rm(dir, { recursive: true, force: true });
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

async function answerOf(sent: ReturnType<typeof request>, body?: object): Promise<Answer> {
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  const [response]: IncomingMessage[] = await once(sent, 'response');
  if (response === undefined) throw new Error('no response');
  let text = '';
  for await (const part of response.setEncoding('utf8')) text += String(part);
  return { status: response.statusCode, headers: response.headers, text };
}

/** Trusts the certificate only, and only for the name it is made for. */
const ask = (method: string, path: string, body?: object): Promise<Answer> =>
  answerOf(
    request({
      host: 'localhost',
      port,
      path,
      method,
      ca,
      agent: false,
      headers: { 'content-type': 'application/json' },
    }),
    body,
  );

/** A new account with an open socket. */
async function chatting(): Promise<WebSocket> {
  const account = { username: uniqueName('tls'), password: PASSWORD };
  expect(await ask('POST', PATHS.register, account)).toMatchObject({ status: 200 });
  const { text: session } = await ask('POST', PATHS.login, account);
  const socket = new WebSocket(`wss://localhost:${port}${PATHS.webSocket}`, {
    ca,
    headers: { cookie: `${SESSION_COOKIE}=${session}`, origin: `https://localhost:${port}` },
  });
  await once(socket, 'open');
  return socket;
}

async function expectAnswer(socket: WebSocket): Promise<void> {
  socket.send(JSON.stringify({ type: 'FETCH_USER_INVITECODE_REQUEST' }));
  const [answer] = await once(socket, 'message');
  expect(String(answer)).toContain('FETCH_USER_INVITECODE_RESPONSE');
}

async function leave(socket: WebSocket): Promise<void> {
  socket.close();
  await once(socket, 'close');
}

/** What somebody who connects now is shown, whether they trust it or not. */
async function shownCertificate(): Promise<string> {
  const socket = connect({ host: 'localhost', port, servername: 'localhost', rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect');
    return socket.getPeerX509Certificate()?.fingerprint256 ?? '';
  } finally {
    socket.destroy();
  }
}

describe('a load balancer with a certificate', () => {
  it('serves the page, the API and the sockets over TLS', async () => {
    const page = await ask('GET', '/');
    expect([page.status, page.headers['content-security-policy']]).toEqual([200, expect.any(String)]);
    const socket = await chatting();
    await expectAnswer(socket);
    await leave(socket);
  });

  it('answers nothing over plain HTTP but where to go', async () => {
    const sent = plainRequest({ host: 'localhost', port, path: '/some?page', agent: false });
    expect(await answerOf(sent)).toMatchObject({
      status: 301,
      headers: { location: `https://localhost:${port}/some?page` },
    });
  });

  it('tells browsers to keep to HTTPS, except on a machine of their own', async () => {
    const elsewhere = {
      host: 'localhost',
      servername: 'localhost',
      port,
      path: '/',
      ca,
      agent: false,
      headers: { host: 'chat.example.org' },
    };
    expect((await answerOf(request(elsewhere))).headers['strict-transport-security']).toBe('max-age=31536000');
    expect((await ask('GET', '/')).headers['strict-transport-security']).toBeUndefined();
  });

  it('speaks no version of TLS before 1.2', async () => {
    const old = {
      host: 'localhost',
      port,
      path: '/',
      ca,
      agent: false,
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
    } as const;
    const sent = request({ ...old, ciphers: 'DEFAULT@SECLEVEL=0' });
    await expect(answerOf(sent)).rejects.toThrow(/alert|protocol version/i);
  });

  it('is registered in Consul as one that is spoken to over HTTPS', async () => {
    const [consul] = system.stack.urls.consul;
    await eventually(async () => {
      const answer = await fetch(`${consul}/v1/health/service/nginx?passing`, { headers: { connection: 'close' } });
      expect(await answer.json()).toContainEqual(
        expect.objectContaining({ Service: expect.objectContaining({ ID: NAME, Meta: { scheme: 'https' } }) }),
      );
    });
  });

  it('takes up a renewed certificate without cutting a socket', async () => {
    const socket = await chatting();
    const before = await shownCertificate();
    await renew();
    const renewed = new X509Certificate(ca).fingerprint256;
    expect(renewed).not.toBe(before);
    await eventually(async () => expect(await shownCertificate()).toBe(renewed), 20_000);
    await expectAnswer(socket);
    // Whoever trusts only the new one comes in.
    await leave(await chatting());
    await leave(socket);
  }, 60_000);
});
