import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { NOTIFICATION_TOPIC_PREFIX } from '@parley/contracts';
import { AUTH_TEXT, PATHS } from '@parley/protocol';
import {
  get,
  channelOf,
  eventually,
  logIn,
  newConnected,
  newPerson,
  PASSWORD,
  post,
  pushInbox,
  roomOf,
  runningSystem,
  uniqueName,
  WireClient,
  write,
} from '@parley/testing';
import { catalog, readiness } from './operator-requests.js';

const system = await runningSystem();
const { stack } = system;
const kinds = ['auth', 'connection', 'message', 'push'] as const;
const processes = kinds.flatMap((kind) => system.processes(kind).map((process) => [process.name, process] as const));

describe('each instance of each service', () => {
  it.each(processes)('%s says that it lives and is ready, and reports its numbers', async (name, { url }) => {
    const live = await get(url, '/health/live');
    expect([live.status, await live.json()]).toEqual([200, { status: 'live' }]);
    const { status, checks } = await eventually(async () => {
      const answer = await readiness(url);
      expect(answer.status).toBe(200);
      return answer;
    });
    expect(status).toBe(200);
    expect(new Set(Object.values(checks).map(({ state }) => state))).toEqual(new Set(['up']));
    const metrics = await get(url, '/metrics');
    expect([metrics.status, metrics.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/plain')]);
    const text = await metrics.text();
    expect(text).toContain(`service="${name.replace(/-\w+$/, '')}"`);
    expect(text).toMatch(/^process_resident_memory_bytes\{.*\} \d+/m);
  });

  it('counts what people do with it', async () => {
    const [ann, bob] = [await newConnected(system.server, 'ann'), await newConnected(system.server, 'bob')];
    const channelId = await channelOf(ann, bob);
    const acknowledged = () => system.total('message', /^message_acknowledged_total\{.*\} (\d+)/m);
    const pages = () => system.total('message', /^message_reads_total\{what="history",route="source".*\} (\d+)/m);
    const before = [await acknowledged(), await pages()];
    await write(ann, channelId, 'counted');
    const range = { type: 'FETCH_MESSAGES_REQUEST', channelId, startMessageSeqId: 1, endMessageSeqId: 1 };
    await ann.wire.ask(range, 'FETCH_MESSAGES_RESPONSE');
    expect([await acknowledged(), await pages()]).toEqual(before.map((count) => count + 1));
    expect(await system.total('connection', /^connection_open_sockets\{.*\} (\d+)/m)).toBeGreaterThanOrEqual(2);
    for (const { wire } of [ann, bob]) await wire[Symbol.asyncDispose]();
  });

  it('is known to Consul, which checks it', async () => {
    for (const kind of kinds) {
      const expected = system.processes(kind).map(({ name, port }) => [name, port]);
      await eventually(async () => {
        const known = (await catalog(kind)).map(({ ServiceID, ServicePort }) => [ServiceID, ServicePort]);
        expect(known).toEqual(expect.arrayContaining(expected));
      });
    }
  });
});

describe('a dependency that hangs', () => {
  const [redis] = stack.parts.servers.redis;
  const hanging = stack.process(redis?.name ?? 'redis-1');

  afterEach(async () => {
    await hanging.resume();
    await system.recovered();
  }, 90_000);

  it('makes auth not ready with the reason and takes it out of rotation, though it lives, until it is back', async () => {
    const [auth] = system.processes('auth');
    const url = auth?.url ?? '';
    await hanging.pause();
    await eventually(async () =>
      expect(await readiness(url)).toMatchObject({ status: 503, checks: { redis: { state: 'down' } } }),
    );
    expect((await get(url, '/health/live')).status).toBe(200);
    await eventually(async () => expect(await stack.healthyInstances('auth')).toEqual([]), 20_000);
    await eventually(async () => {
      const answer = await post(system.server, PATHS.login, { username: 'ann', password: PASSWORD });
      expect([answer.status, await answer.text()]).toEqual([503, expect.stringContaining('try again')]);
    });
    await hanging.resume();
    await eventually(async () =>
      expect(await readiness(url)).toMatchObject({ status: 200, checks: { redis: { state: 'up' } } }),
    );
  }, 60_000);
});

describe('the load balancer', () => {
  it('is found in Consul as nginx, with the address and port that clients should use', async () => {
    const found = (await catalog('nginx')).map((one) => `http://${one.ServiceAddress}:${one.ServicePort}`);
    expect(found.toSorted()).toEqual(stack.urls.balancers.toSorted());
  });

  it.each(stack.urls.consul)('is shown with everything else on a page of Consul at %s/ui', async (consul) => {
    const page = await get(consul, '/ui');
    expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
    expect(await page.text()).toContain('<title>Consul');
  });

  it.each(stack.urls.balancers)('%s answers for the page, the API and the sockets', async (balancer) => {
    const page = await get(balancer, '/');
    expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(await page.text()).toContain('<title>Parley</title>');
    const { session } = await newPerson(balancer, 'ann');
    await using wire = await WireClient.connect(balancer, session);
    await wire.settle();
    expect(await pushInbox(balancer, { session })).toEqual([]);
    expect((await get(balancer, PATHS.webSocket)).status).toBe(400);
  });

  it('hides what is for operators', async () => {
    for (const path of ['/metrics', '/health/ready', '/presence/ann']) {
      const answer = await get(system.server, path);
      expect(answer.headers.get('content-type')).toContain('text/html');
    }
  });
});

/** Some clients offer HTTP/2 with every request, in headers that ask for an upgrade. */
function offeringHttp2(server: string, path: string, body?: object): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, server), {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        connection: 'Upgrade, HTTP2-Settings',
        upgrade: 'h2c',
        'http2-settings': 'AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      timeout: 5_000,
    });
    sent.on('timeout', () => sent.destroy(new Error('The offer of HTTP/2 is not answered')));
    sent.on('upgrade', () => sent.destroy(new Error('The offer of HTTP/2 was taken')));
    sent.on('error', reject);
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

describe('an offer of HTTP/2 (Upgrade: h2c)', () => {
  it.each([
    ['the load balancer', system.server],
    ['auth itself', system.processes('auth')[0]?.url ?? ''],
  ])('is ignored by %s: the request is an ordinary one', async (_who, server) => {
    const account = { username: uniqueName('java'), password: PASSWORD };
    expect(await offeringHttp2(server, PATHS.register, account)).toEqual({ status: 200, body: AUTH_TEXT.registered });
    const login = await offeringHttp2(server, PATHS.login, account);
    expect([login.status, login.body]).toEqual([200, expect.stringMatching(/^[A-Za-z0-9+/]{48}$/)]);
    const wrong = { ...account, password: 'something else' };
    expect(await offeringHttp2(server, PATHS.login, wrong)).toEqual({ status: 401, body: AUTH_TEXT.notAuthenticated });
  });

  it('does not stop the page or a connection server from answering', async () => {
    expect(await offeringHttp2(system.server, '/')).toMatchObject({ status: 200 });
    const [connection] = system.connectionServers;
    expect(await offeringHttp2(connection ?? '', PATHS.webSocket)).toMatchObject({ status: 400 });
  });
});

describe('where somebody is connected', () => {
  interface Whereabouts {
    readonly username: string;
    readonly sockets: readonly { readonly server: string; readonly channelId: number | null }[];
  }
  const tellers = system.processes('message').map(({ url }) => url);

  /** What each message service says: a status if nothing else, sockets by their server. */
  const whereabouts = (username: string) =>
    Promise.all(
      tellers.map(async (teller) => {
        const answer = await get(teller, `/presence/${username}`);
        if (answer.status !== 200) return answer.status;
        const told = (await answer.json()) as Whereabouts;
        return { ...told, sockets: told.sockets.toSorted((a, b) => a.server.localeCompare(b.server)) };
      }),
    );

  it('is told by every message service: each socket with its server and what it shows, until it closes', async () => {
    const [first, second] = system.connectionServers;
    const ann = await newConnected(system.server, 'ann', first);
    const bob = await newConnected(system.server, 'bob');
    const channelId = await roomOf(bob, ann);
    const other = await WireClient.connect(second ?? system.server, ann.session);
    const sockets = [
      { server: '1', channelId },
      { server: '2', channelId: null },
    ];
    await eventually(async () => {
      for (const told of await whereabouts(ann.name.toUpperCase())) {
        expect(told).toMatchObject({ username: ann.name, sockets });
      }
    });
    await other[Symbol.asyncDispose]();
    await ann.wire[Symbol.asyncDispose]();
    await eventually(async () => {
      for (const told of await whereabouts(ann.name)) expect(told).toMatchObject({ sockets: [] });
    });
    for (const told of await whereabouts(uniqueName('ghost'))) expect(told).toBe(404);
    await bob.wire[Symbol.asyncDispose]();
  });

  it('is in Redis too: the topic of each server that has a socket of theirs, until it closes', async () => {
    const [first, second] = system.connectionServers;
    const { name, session } = await newPerson(system.server, 'ann');
    const [row] = await system.rows(system.users, 'SELECT user_id FROM message_user WHERE username = ?', [name]);
    const isAt = (...servers: string[]) =>
      eventually(async () => {
        const topics = servers.map((server) => NOTIFICATION_TOPIC_PREFIX + server);
        expect(await system.locationsOf(Number(row?.['user_id']))).toEqual(topics);
      });
    const desk = await WireClient.connect(first ?? system.server, session);
    const phone = await WireClient.connect(second ?? system.server, session);
    await isAt('1', '2');
    await desk[Symbol.asyncDispose]();
    await isAt('2');
    await phone[Symbol.asyncDispose]();
    await isAt();
  });
});

describe('the logs', () => {
  async function logs(): Promise<{ file: string; text: string }[]> {
    const folder = join(stack.description.stateDir, 'logs');
    const files = await readdir(folder);
    return Promise.all(files.map(async (file) => ({ file, text: await readFile(join(folder, file), 'utf8') })));
  }

  it('hold nothing of what people say and nothing that opens an account', async () => {
    const secret = randomBytes(12).toString('hex');
    const [ann, bob] = [await newConnected(system.server, 'ann'), await newConnected(system.server, 'bob')];
    const [eve, cat] = [await newConnected(system.server, 'eve'), await newConnected(system.server, 'cat')];
    // A message that is seen, one that is pushed, one that is refused, and a search for an account.
    const channelId = await roomOf(ann, bob);
    await write(ann, channelId, `seen ${secret}`);
    await bob.wire.next('NOTIFY_MESSAGE');
    await write(cat, await channelOf(cat, eve), `pushed ${secret}`);
    await eve.wire.askError({ type: 'WRITE_MESSAGE', serial: 1, channelId, content: `refused ${secret}` });
    await eve.wire.askError({ type: 'WRITE_MESSAGE', serial: 2, channelId, content: secret.repeat(50) });
    eve.wire.sendRaw(`{"broken": "${secret}`);
    await eve.wire.next('ERROR');
    await post(system.server, PATHS.login, { username: ann.name, password: secret });
    const account = { username: uniqueName('dan'), password: `${secret} password` };
    await post(system.server, PATHS.register, account);
    const session = await logIn(system.server, account.username, account.password);
    await eventually(async () => {
      expect(await pushInbox(system.server, eve)).toMatchObject([{ content: `pushed ${secret}` }]);
    });
    for (const { wire } of [ann, bob, cat, eve]) await wire[Symbol.asyncDispose]();

    const found = await logs();
    expect(found.map(({ file }) => file)).toEqual(expect.arrayContaining(processes.map(([name]) => `${name}.log`)));
    const secrets = [secret, session, ...[ann, bob, cat, eve].map((person) => person.session), PASSWORD];
    for (const one of [...secrets, ...Object.values(stack.env).filter((value) => value.startsWith('mysql://'))]) {
      expect(found.filter(({ text }) => text.includes(one)).map(({ file }) => file)).toEqual([]);
    }
  }, 60_000);
});
