import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConsulClient, ConsulUnavailable, type Registration } from './consul-client.js';

/** One Consul server that answers everything alike and remembers what it was asked. */
class FakeConsul {
  readonly asked: string[] = [];
  readonly bodies: unknown[] = [];
  status = 200;
  answer: unknown = [];
  private readonly server: Server = createServer((request, response) => {
    this.asked.push(`${request.method} ${request.url}`);
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      if (body !== '') this.bodies.push(JSON.parse(body));
      response.writeHead(this.status, { 'content-type': 'application/json' }).end(JSON.stringify(this.answer));
    });
  });

  static async start(): Promise<FakeConsul> {
    const fake = new FakeConsul();
    fake.server.listen(0, '127.0.0.1');
    await once(fake.server, 'listening');
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const entry = (id: string, over: { machine?: string; check?: string; address?: string } = {}) => ({
  Node: { Address: '10.0.0.1' },
  Service: { ID: id, Service: 'auth', Address: over.address ?? '10.0.0.9', Port: 8080 },
  Checks: [
    { CheckID: 'serfHealth', Status: over.machine ?? 'passing' },
    { CheckID: `service:${id}`, Status: over.check ?? 'passing' },
  ],
});

const NOBODY = 'http://127.0.0.1:1';

describe('ConsulClient', () => {
  let first: FakeConsul;
  let second: FakeConsul;

  beforeEach(async () => {
    [first, second] = [await FakeConsul.start(), await FakeConsul.start()];
  });
  afterEach(async () => {
    await Promise.all([first.stop(), second.stop()]);
  });

  it('gives the instances with their health', async () => {
    first.answer = [
      entry('auth-1', { address: '' }),
      entry('auth-2', { check: 'critical' }),
      entry('auth-3', { machine: 'critical' }),
    ];
    const consul = new ConsulClient([first.url]);
    const at = { address: '10.0.0.9', port: 8080 };
    expect(await consul.instances('auth')).toEqual([
      { id: 'auth-1', address: '10.0.0.1', port: 8080, healthy: true },
      { id: 'auth-2', ...at, healthy: false },
      { id: 'auth-3', ...at, healthy: false },
    ]);
    expect((await consul.healthy('auth')).map(({ id }) => id)).toEqual(['auth-1']);
  });

  it('takes an instance for healthy if one server that is alive says so', async () => {
    first.answer = [entry('auth-1', { machine: 'critical' }), entry('auth-1'), entry('auth-1', { check: 'critical' })];
    expect(await new ConsulClient([first.url]).instances('auth')).toMatchObject([{ id: 'auth-1', healthy: true }]);
  });

  it('goes on to the next server when one is down, and stays with the one that answered', async () => {
    const consul = new ConsulClient([NOBODY, first.url, second.url]);
    await consul.instances('auth');
    await consul.instances('push');
    expect(first.asked).toEqual(['GET /v1/health/service/auth', 'GET /v1/health/service/push']);
    expect(second.asked).toEqual([]);
  });

  it('goes on to the next server when one has no leader', async () => {
    first.status = 500;
    second.answer = { consul: [], auth: ['v1'] };
    expect(await new ConsulClient([first.url, second.url]).catalog()).toEqual({ consul: [], auth: ['v1'] });
  });

  it('takes a refusal for the answer', async () => {
    first.status = 403;
    await expect(new ConsulClient([first.url, second.url]).catalog()).rejects.toThrow('forbidden');
    expect(second.asked).toEqual([]);
  });

  it('says what each server did when none answered', async () => {
    second.status = 500;
    const failed = new ConsulClient([NOBODY, second.url]).catalog();
    await expect(failed).rejects.toBeInstanceOf(ConsulUnavailable);
    await expect(failed).rejects.toThrow(new RegExp(`${NOBODY}: .+; ${second.url}: .*internal server error`, 's'));
    await expect(new ConsulClient([]).catalog()).rejects.toThrow('no Consul server is configured');
  });

  const me: Registration = { name: 'auth', id: 'auth-1', address: '10.0.0.9', port: 8080, healthPath: '/health/ready' };

  it('registers at every server with a check on the readiness, and is forgotten after a critical minute', async () => {
    first.answer = {};
    second.answer = { 'auth-1': {} };
    const consul = new ConsulClient([NOBODY, first.url, second.url]);
    expect(await consul.register(me)).toBe(true);
    expect(first.asked).toEqual(['GET /v1/agent/services', 'PUT /v1/agent/service/register']);
    expect(second.asked).toEqual(['GET /v1/agent/services']);
    first.answer = second.answer;
    expect(await consul.register(me)).toBe(false);
    await expect(new ConsulClient([NOBODY]).register(me)).rejects.toBeInstanceOf(ConsulUnavailable);
    expect(first.bodies).toEqual([
      expect.objectContaining({
        Name: 'auth',
        ID: 'auth-1',
        Address: '10.0.0.9',
        Port: 8080,
        Check: expect.objectContaining({
          HTTP: 'http://10.0.0.9:8080/health/ready',
          Interval: '1s',
          Timeout: '1s',
          DeregisterCriticalServiceAfter: '1m',
        }),
      }),
    ]);
  });

  it('deregisters at every server and leaves out those that are down', async () => {
    await new ConsulClient([NOBODY, first.url, second.url]).deregister('auth-1');
    const request = ['PUT /v1/agent/service/deregister/auth-1'];
    expect([first.asked, second.asked]).toEqual([request, request]);
  });

  it('writes an IPv6 address as an address of HTTP has to be written', async () => {
    first.answer = {};
    await new ConsulClient([first.url]).register({
      name: 'auth',
      id: 'auth-1',
      address: '::1',
      port: 8080,
      healthPath: '/health/ready',
    });
    expect(JSON.stringify(first.bodies)).toContain('http://[::1]:8080/health/ready');
  });

  it.each([
    ['http://127.0.0.1', 'http'],
    ['https://127.0.0.1:1', 'https'],
  ])('knows the usual port of %s', async (url) => {
    await expect(new ConsulClient([url]).catalog()).rejects.toThrow(`${url}: `);
  });
});
