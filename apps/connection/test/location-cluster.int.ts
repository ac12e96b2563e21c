import { NOTIFICATION_TOPIC_PREFIX, redisKeys } from '@parley/contracts';
import { createLogger, createRedis, loadConfig, Metrics, type RedisClient, redisEnv } from '@parley/platform';
import { userId } from '@parley/protocol';
import { eventually, RedisCluster } from '@parley/testing';
import { z } from 'zod';
import { LocationRegistry } from '../src/location/location-registry.js';
import { LocationStore } from '../src/location/location-store.js';
import { ConnectionMetrics } from '../src/server/connection.metrics.js';
import { ServerIdentity } from '../src/server/server-identity.js';
import { OpenSockets } from '../src/socket/open-sockets.js';
import { fakeSocket } from './fake-socket.js';

/** More than fit into one batch, over all masters. */
const USERS = Array.from({ length: 600 }, (_, i) => userId(i + 1));
const settings = { locationTtlSeconds: 5 };
const log = createLogger({ service: 'connection', instance: 'test', level: 'silent' });

let cluster: RedisCluster;
let redis: RedisClient;
beforeAll(async () => {
  cluster = await RedisCluster.start();
  redis = createRedis(loadConfig(z.object(redisEnv), cluster.env), log);
  await eventually(() => redis.ping());
}, 60_000);
afterAll(async () => {
  redis.disconnect();
  await cluster[Symbol.asyncDispose]();
}, 60_000);

const places = () => Promise.all(USERS.map((user) => redis.zrange(redisKeys.userServers(user), 0, -1)));

it('users of all slots are known, again after all of it was emptied and after a master has died, until they leave', async () => {
  const sockets = new OpenSockets();
  const store = new LocationStore(redis, new ServerIdentity('c'), settings);
  const registry = new LocationRegistry(
    sockets,
    store,
    settings,
    new ConnectionMetrics(new Metrics('connection')),
    log,
  );
  registry.start();
  const opened = USERS.map((user) => fakeSocket({ id: `c-${user}`, user }).socket);
  for (const socket of opened) {
    sockets.add(socket);
    registry.changed(socket.userId);
  }
  const here = USERS.map(() => [`${NOTIFICATION_TOPIC_PREFIX}c`]);
  await eventually(async () => expect(await places()).toEqual(here));

  await cluster.flush();
  await eventually(async () => expect(await places()).toEqual(here));

  await cluster.firstMaster.kill();
  // Entries that the replica has would have ended by then, were they not written again.
  await eventually(async () => expect(await places()).toEqual(here), 30_000);
  await cluster.flush();
  await eventually(async () => expect(await places()).toEqual(here), 10_000);

  for (const socket of opened) {
    sockets.remove(socket);
    registry.changed(socket.userId);
  }
  await registry.stop();
  expect(await places()).toEqual(USERS.map(() => []));
}, 90_000);
