import { randomBytes } from 'node:crypto';
import { utimes } from 'node:fs/promises';
import { NOTIFICATION_TOPIC_PREFIX } from '@parley/contracts';
import { startStack } from '@parley/deploy';
import { CLOSE, PATHS } from '@parley/protocol';
import { get, eventually, logIn, newPerson, post, runningSystem, WireClient } from '@parley/testing';
import { catalog } from './operator-requests.js';

const system = await runningSystem();
const { stack } = system;

describe('one more connection server', () => {
  const newId = () => `more-${randomBytes(3).toString('hex')}`;

  it('takes its share as soon as it runs, and leaves nothing behind when it stops', async () => {
    const id = newId();
    await using kafka = await system.kafka();
    const { session } = await newPerson(system.server, 'ann');
    const added = await stack.startService('connection', id);
    const sockets: WireClient[] = [];
    try {
      expect(await kafka.topics()).toContain(NOTIFICATION_TOPIC_PREFIX + id);
      const openSockets = async () =>
        Number(/^connection_open_sockets\{.*\} (\d+)/m.exec(await (await get(added.url, '/metrics')).text())?.[1]);
      await eventually(async () => {
        sockets.push(await WireClient.connect(system.server, session));
        expect(await openSockets()).toBeGreaterThan(0);
      }, 20_000);
      for (const wire of sockets) await wire.settle();

      await added.stop();
      const sentAway = await eventually(() => {
        const closed = sockets.flatMap((wire) => wire.closed ?? []);
        expect(closed).not.toEqual([]);
        return closed;
      });
      expect(new Set(sentAway.map(({ code }) => code))).toEqual(new Set([CLOSE.goingAway.code]));
      for (const wire of sockets) if (wire.closed === undefined) await wire.settle();
      expect((await catalog('connection')).map((one) => one.ServiceID)).not.toContain(`connection-${id}`);
      expect(await kafka.topics()).not.toContain(NOTIFICATION_TOPIC_PREFIX + id);
      // Every new socket finds a server at once.
      for (let i = 0; i < 12; i += 1) {
        await using wire = await WireClient.connect(system.server, session);
        await wire.settle();
      }
    } finally {
      await added.stop();
      for (const wire of sockets) await wire[Symbol.asyncDispose]();
    }
  }, 90_000);

  it('is served like the others when it comes after one that has gone', async () => {
    const people = [await newPerson(system.server, 'ann'), await newPerson(system.server, 'bob')];
    for (const { session } of people) {
      const added = await stack.startService('connection', newId());
      try {
        // Whoever answers has to find the way to a server it has not known, though others have gone in between.
        await using wire = await WireClient.connect(added.url, session);
        for (let i = 0; i < 10; i += 1) await wire.settle();
        await using other = await WireClient.connect(system.server, session);
        await other.settle();
      } finally {
        await added.stop();
      }
    }
  }, 90_000);
});

describe('a service that was built anew', () => {
  afterEach(() => system.heal());

  it('is replaced one instance after the other by the next start, so that one of them is always there', async () => {
    const instances = system.processes('connection');
    const pids = async () =>
      (await Promise.all(instances.map(({ name }) => stack.table.running(name)))).map((r) => r?.pid);
    const before = await pids();
    await utimes(new URL('../../apps/connection/dist/main.js', import.meta.url), new Date(), new Date());
    let isOver = false;
    const starting = startStack({ ...stack.description, owned: false }).finally(() => (isOver = true));
    const ready = new Set<number>();
    while (!isOver) ready.add((await Promise.all(instances.map((one) => one.isReady()))).filter(Boolean).length);
    await starting;
    expect(ready).toEqual(new Set([1, 2]));
    for (const [index, pid] of (await pids()).entries()) expect([undefined, before[index]]).not.toContain(pid);
  }, 90_000);
});

describe('one more auth instance', () => {
  afterEach(() => system.heal());

  it('is in rotation soon, goes on alone when the other one is killed, and leaves without a failed request', async () => {
    const [first] = system.processes('auth');
    if (first === undefined) throw new Error('The system under test has no auth');
    const ann = await newPerson(first.url, 'ann');
    const added = await stack.startService('auth', `more-${randomBytes(3).toString('hex')}`);
    try {
      await eventually(async () => {
        await logIn(system.server, ann.name);
        expect(await (await get(added.url, '/metrics')).text()).toMatch(/^auth_logins_total\{.*result="ok".*\} \d+/m);
      }, 20_000);
      await first.kill('SIGKILL');
      // Only what was on its way to it fails: nobody knows whether that was carried out, so it is not sent elsewhere.
      await eventually(() => newPerson(system.server, 'bob'));
      for (let i = 0; i < 5; i += 1) {
        const bob = await newPerson(system.server, 'bob');
        expect((await post(system.server, PATHS.logout, undefined, bob.session)).status).toBe(200);
      }
      // A session outlives the instance that began it.
      await using wire = await WireClient.connect(system.connectionServers.at(-1) ?? system.server, ann.session);
      await wire.settle();
      await first.start();
      await eventually(async () => {
        await logIn(system.server, ann.name);
        expect(await (await get(first.url, '/metrics')).text()).toMatch(/^auth_logins_total\{.*result="ok".*\} \d+/m);
      }, 20_000);
      let isStopped = false;
      const stopped = added.stop().then(() => (isStopped = true));
      while (!isStopped) await logIn(system.server, ann.name);
      await stopped;
    } finally {
      await added.stop();
    }
  }, 90_000);
});
