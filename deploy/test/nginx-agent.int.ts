import { jest } from '@jest/globals';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { attachStack, nginxConfigFile, startStack } from '../src/index.js';
import { eventually } from './eventually.js';
import { StandIn } from './stand-in.js';

jest.setTimeout(120_000);

const path = process.env['PARLEY_STACK'];
if (path === undefined) throw new Error('PARLEY_STACK names no running servers: run the tests through `npm test`');
const stack = await attachStack(path);
const consul = stack.urls.consul[0] ?? '';
const balancer = stack.process('nginx-1');

const standIns: StandIn[] = [];
const sockets: Socket[] = [];

async function standIn(service: string): Promise<StandIn> {
  const started = await StandIn.start(consul, service);
  standIns.push(started);
  return started;
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const one of standIns.splice(0)) await one.remove();
  await balancer.start();
  await eventually(async () => expect((await request('/api/x')).status).toBe(503));
});

const request = (target: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${balancer.url}${target}`, { headers, signal: AbortSignal.timeout(3000) });

/** Which of the stand-ins answered. */
async function answeringPort(target: string): Promise<number> {
  const response = await request(target);
  expect(response.status).toBe(200);
  return Number(JSON.parse(await response.text()).port);
}

/** Asked of the configuration as well: nginx passes over a dead instance that it still names. */
async function inRotation(...expected: StandIn[]): Promise<void> {
  await eventually(async () => {
    const config = await readFile(nginxConfigFile(stack.description.stateDir, balancer.name), 'utf8');
    const named = /upstream auth \{[^}]*\}/.exec(config)?.[0].matchAll(/server \S+:(\d+) /g) ?? [];
    expect(new Set(Array.from(named, ([, port]) => Number(port)))).toEqual(new Set(expected.map(({ port }) => port)));
    const seen = new Set<number>();
    for (let i = 0; i < 4 * expected.length; i += 1) seen.add(await answeringPort('/api/x'));
    expect(seen).toEqual(new Set(expected.map((one) => one.port)));
  });
}

/** A raw socket through the balancer, past its upgrade; `echo` sends a line and waits for it to come back. */
async function openSocket() {
  const socket = connect(balancer.port, '127.0.0.1');
  sockets.push(socket);
  let received = '';
  socket.on('data', (bytes) => (received += String(bytes)));
  socket.write('GET /ws/v1/message HTTP/1.1\r\nHost: parley\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
  await eventually(() => expect(received).not.toBe(''));
  expect(received).toContain('101 Switching Protocols');
  return async (line: string) => {
    socket.write(line);
    await eventually(() => expect(received).toContain(line));
  };
}

/** Sends a request as some clients do for plain HTTP: with an offer of HTTP/2 that only `net` lets us write. */
async function requestWithUpgradeOffer(): Promise<string> {
  const socket = connect(balancer.port, '127.0.0.1');
  sockets.push(socket);
  let received = '';
  socket.on('data', (bytes) => (received += String(bytes)));
  const offer = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABk\r\n';
  socket.write(`GET /api/x HTTP/1.1\r\nHost: parley\r\n${offer}\r\n`);
  return eventually(() => {
    expect(received).toContain('"headers"');
    return received;
  });
}

/** What a service is told of a request; `fetch` would not let us write the host. */
async function headersOfRequest(target: string, headers: Record<string, string>): Promise<unknown> {
  const [response] = await once(get(`${balancer.url}${target}`, { headers }), 'response');
  return JSON.parse(await text(response)).headers;
}

/** What a service is told of a socket. */
async function headersOfSocket(headers: Record<string, string>): Promise<unknown> {
  const offer = { connection: 'Upgrade', upgrade: 'websocket' };
  const opening = get(`${balancer.url}/ws/v1/message`, { headers: { ...headers, ...offer } });
  const [response, socket] = await once(opening, 'upgrade', { signal: AbortSignal.timeout(1000) });
  sockets.push(socket);
  return JSON.parse(response.headers.told);
}

interface CatalogEntry {
  readonly ServiceAddress: string;
  readonly ServicePort: number;
  /** Rises with every registration that was not there before. */
  readonly CreateIndex: number;
}

async function registrations(): Promise<CatalogEntry[]> {
  const response = await fetch(`${consul}/v1/catalog/service/nginx`);
  return JSON.parse(await response.text());
}

describe('the load balancer', () => {
  it('answers 503 with a short text while no instance is healthy', async () => {
    const response = await request('/api/v1/auth/login');
    expect(response.status).toBe(503);
    expect(await response.text()).toBe('Service unavailable, try again shortly.\n');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('takes new instances into rotation and dead ones out, without a failed request', async () => {
    const first = await standIn('auth');
    await inRotation(first);
    const second = await standIn('auth');
    await inRotation(first, second);
    first.crash();
    for (let i = 0; i < 10; i += 1) expect(await answeringPort('/api/x')).toBe(second.port);
    await inRotation(second);
  });

  it('keeps open sockets through reloads', async () => {
    await standIn('connection');
    const echo = await eventually(openSocket);
    await echo('before');
    await inRotation(await standIn('auth'));
    await echo('after');
  });

  it('treats "Upgrade: h2c" as an ordinary request', async () => {
    await inRotation(await standIn('auth'));
    const answer = await requestWithUpgradeOffer();
    expect(answer).toContain('HTTP/1.1 200');
    expect(answer).not.toContain('"upgrade"');
  });

  it('tells services who the client is and which host it asked for', async () => {
    await standIn('connection');
    await inRotation(await standIn('auth'));
    const claimed = { host: 'chat.example', 'x-real-ip': '203.0.113.9', 'x-forwarded-for': '203.0.113.9' };
    const told = { ...claimed, 'x-real-ip': '127.0.0.1', 'x-forwarded-for': '203.0.113.9, 127.0.0.1' };
    expect(await headersOfRequest('/api/x', claimed)).toMatchObject(told);
    expect(await eventually(() => headersOfSocket(claimed))).toMatchObject({ ...told, upgrade: 'websocket' });
  });
});

describe('the agent', () => {
  it('registers the address that clients should use', async () => {
    await eventually(async () =>
      expect(await registrations()).toMatchObject([{ ServiceAddress: '127.0.0.1', ServicePort: balancer.port }]),
    );
  });

  it('registers again when the registration has disappeared', async () => {
    const [before] = await eventually(async () => {
      const found = await registrations();
      expect(found).toHaveLength(1);
      return found;
    });
    const id = `nginx-127.0.0.1-${balancer.port}`;
    const { status } = await fetch(`${consul}/v1/agent/service/deregister/${id}`, { method: 'PUT' });
    expect(status).toBe(200);
    await eventually(async () => {
      const [now, ...others] = await registrations();
      expect(others).toEqual([]);
      expect(now?.CreateIndex).toBeGreaterThan(before?.CreateIndex ?? Infinity);
    });
  });

  it('leaves Consul and takes nginx along when it is stopped', async () => {
    await balancer.stop();
    expect(await registrations()).toEqual([]);
    await expect(request('/')).rejects.toThrow();
  });

  it('leaves nginx serving when it is killed, and takes over again without cutting a socket', async () => {
    await standIn('connection');
    const echo = await eventually(openSocket);
    await balancer.kill();
    await echo('without agent');
    await balancer.start();
    await inRotation(await standIn('auth'));
    await echo('with agent');
  });

  it('starts nginx again when that dies, workers and all', async () => {
    const before = await stack.table.record('nginx-1-master');
    await stack.table.signal('nginx-1-master', 'SIGKILL');
    await eventually(async () => {
      const now = await stack.table.running('nginx-1-master');
      expect(now).toBeDefined();
      expect(now?.pid).not.toBe(before?.pid);
      expect((await request('/health/live')).status).toBe(200);
    });
  });

  it('starts again after it and nginx were killed, although workers still hold the port', async () => {
    await balancer.kill();
    await stack.table.signal('nginx-1-master', 'SIGKILL');
    await eventually(async () => expect(await stack.table.running('nginx-1-master')).toBeUndefined());
    await startStack({ ...stack.description, owned: false });
    await inRotation(await standIn('auth'));
  });
});
