import { NOTIFICATION_TOPIC_PREFIX, redisKeys } from '@parley/contracts';
import { createLogger, loadConfig, Metrics, RedisClient } from '@parley/platform';
import type { UserId } from '@parley/protocol';
import { eventually, TcpRelay } from '@parley/testing';
import { connectionEnv, ConnectionSettings } from '../src/config.js';
import { LocationRegistry } from '../src/location/location-registry.js';
import { LocationStore } from '../src/location/location-store.js';
import { ConnectionMetrics } from '../src/server/connection.metrics.js';
import { ServerIdentity } from '../src/server/server-identity.js';
import { OpenSockets } from '../src/socket/open-sockets.js';
import { ConnectionFixture, type Visitor } from './connection-fixture.js';
import { fakeSocket } from './fake-socket.js';

/** Entries last for five seconds and are written again each second. */
const BRIEF = { LOCATION_TTL_SECONDS: '5' };

const topicOf = ({ server }: { server: string }): string => NOTIFICATION_TOPIC_PREFIX + server;
const keyOf = (user: UserId): string => redisKeys.userServers(user);

/** Where the user is, as an operator would read it. */
const whereabouts = (redis: RedisClient, user: UserId): Promise<string[]> =>
  redis.zrange(keyOf(user), Math.floor(Date.now() / 1_000), '+inf', 'BYSCORE');

const leave = ({ wire }: Visitor) => wire[Symbol.asyncDispose]();

describe('where a user is connected', () => {
  let first: ConnectionFixture;
  let second: ConnectionFixture;
  beforeAll(async () => {
    first = await ConnectionFixture.start(BRIEF);
    second = await ConnectionFixture.start(BRIEF);
  }, 60_000);
  afterAll(async () => {
    await first[Symbol.asyncDispose]();
    await second[Symbol.asyncDispose]();
  });

  const isAt = (user: UserId, ...servers: ConnectionFixture[]) =>
    eventually(async () => {
      expect((await whereabouts(first.redis, user)).toSorted()).toEqual(servers.map(topicOf).toSorted());
    });

  it('is in Redis from the first socket to the last, for each of the servers', async () => {
    const desk = await first.visitor();
    const { userId: user, cookie } = desk;
    await isAt(user, first);
    const phone = await second.connect(user, cookie);
    const tablet = await second.connect(user, cookie);
    await isAt(user, first, second);
    await leave(desk);
    await isAt(user, second);
    await leave(phone);
    await isAt(user, second);
    await leave(tablet);
    await eventually(async () => expect(await first.redis.exists(keyOf(user))).toBe(0));
  });

  it('stays there while the socket is open, beyond the time of one entry', async () => {
    const desk = await first.visitor();
    await isAt(desk.userId, first);
    const end = async () => Number(await first.redis.zscore(keyOf(desk.userId), topicOf(first)));
    const firstEnd = await end();
    await eventually(async () => expect(await end()).toBeGreaterThan(firstEnd + 5));
    await leave(desk);
  });

  it('is written again after Redis has lost it', async () => {
    const desk = await first.visitor();
    await isAt(desk.userId, first);
    await first.redis.del(keyOf(desk.userId));
    await isAt(desk.userId, first);
    await leave(desk);
  });

  it('has an end of its own for each server: one that has crashed is gone although another one is alive', async () => {
    const desk = await first.visitor();
    const user = desk.userId;
    // A registry that was never started writes when a socket opens, and never again.
    const settings = new ConnectionSettings(loadConfig(connectionEnv, { ...process.env, HTTP_PORT: '0', ...BRIEF }));
    const crashed = new ServerIdentity('crashed');
    const sockets = new OpenSockets();
    const log = createLogger({ service: 'connection', instance: 'crashed', level: 'silent' });
    const metrics = new ConnectionMetrics(new Metrics('connection'));
    const store = new LocationStore(first.redis, crashed, settings);
    const registry = new LocationRegistry(sockets, store, settings, metrics, log);
    sockets.add(fakeSocket({ user }).socket);
    registry.changed(user);
    await eventually(async () => expect(await whereabouts(first.redis, user)).toContain(topicOf(crashed)));
    await isAt(user, first);
    // Nobody has to know which entries are over: they are taken out.
    expect(await first.redis.zrange(keyOf(user), 0, -1)).toEqual([topicOf(first)]);
    await leave(desk);
  });
});

describe('an entry', () => {
  it('lasts for 300 seconds unless something else is set, and its key does not outlive it', async () => {
    await using server = await ConnectionFixture.start();
    const desk = await server.visitor();
    await eventually(async () => expect(await whereabouts(server.redis, desk.userId)).toEqual([topicOf(server)]));
    const left = Number(await server.redis.zscore(keyOf(desk.userId), topicOf(server))) - Date.now() / 1_000;
    const ttl = await server.redis.ttl(keyOf(desk.userId));
    for (const seconds of [left, ttl]) {
      expect(seconds).toBeGreaterThan(290);
      expect(seconds).toBeLessThanOrEqual(300);
    }
    await leave(desk);
  }, 60_000);
});

describe('a Redis that is silent', () => {
  it('holds up neither sockets nor frames, and is put right when it answers again', async () => {
    const [node = ''] = (process.env['REDIS_NODES'] ?? '').split(',');
    await using relay = await TcpRelay.to(`http://${node}`);
    // Long enough that what is put right has not just ended by itself.
    await using server = await ConnectionFixture.start({
      LOCATION_TTL_SECONDS: '25',
      REDIS_NODES: `127.0.0.1:${relay.port}`,
    });
    await using other = await ConnectionFixture.start();
    const [gone, stays] = [await server.visitor(), await server.visitor()];
    for (const { userId: user } of [gone, stays]) {
      await eventually(async () => expect(await whereabouts(other.redis, user)).toEqual([topicOf(server)]));
    }
    relay.hold();
    await other.redis.del(keyOf(stays.userId));
    await leave(gone);
    const closed = () => server.presence.flatMap((record) => (record.kind === 'DELTA' ? record.closed : []));
    await eventually(() => expect(closed()).toContain(gone.connection), 2_000);
    const skipped = async () =>
      Number(
        /^connection_locations_skipped_total\{.*\} (\d+)/m.exec(
          await (await fetch(`${server.url}/metrics`)).text(),
        )?.[1],
      );
    await eventually(async () => expect(await skipped()).toBeGreaterThan(0));
    stays.wire.send({ type: 'LEAVE_REQUEST' });
    await eventually(() => expect(server.requests.at(-1)).toMatchObject({ frame: { type: 'LEAVE_REQUEST' } }));
    relay.release();
    await eventually(async () => {
      expect(await whereabouts(other.redis, stays.userId)).toEqual([topicOf(server)]);
      expect(await whereabouts(other.redis, gone.userId)).toEqual([]);
    }, 15_000);
    await leave(stays);
  }, 60_000);
});
