import { randomUUID } from 'node:crypto';
import { connectionPresence, PRESENCE_ENTRIES, type Snapshot } from '@parley/contracts';
import { BatchingProducer, BroadcastConsumer, createKafka, kafkaEnv, kafkaOptionsFrom } from '@parley/kafka';
import { ConsulClient, createLogger, loadConfig } from '@parley/platform';
import { channelId, seq, userId } from '@parley/protocol';
import { eventually } from '@parley/testing';
import { z } from 'zod';
import { PresenceMap } from '../src/presence/presence-map.js';
import { PresenceWatch } from '../src/presence/presence-watch.js';

const SOCKETS = 20_000;
const room = channelId(2 ** 45);

const log = createLogger({ service: 'message', instance: 'test', level: 'silent' });
const kafka = createKafka(kafkaOptionsFrom(loadConfig(z.object(kafkaEnv)), 'presence-test'), log);
const producer = new BatchingProducer({ kafka });
const consumer = new BroadcastConsumer({ kafka, groupPrefix: 'presence-test' });
const presence = new PresenceMap();
const watch = new PresenceWatch(presence, consumer, producer, new ConsulClient([]), log);
const server = randomUUID();

beforeAll(() => watch.start(() => undefined), 30_000);
afterAll(async () => {
  watch.onApplicationShutdown();
  await Promise.all([consumer.close(), producer.close()]);
});

/** All sockets from `first` on, one user each, all showing the same channel. */
function partsFrom(first: number, snapshot: number): Snapshot[] {
  const parts: Snapshot[] = [];
  for (let from = first; from < SOCKETS; from += PRESENCE_ENTRIES) {
    const connections = Array.from({ length: Math.min(PRESENCE_ENTRIES, SOCKETS - from) }, (_, i) => ({
      connection: `${server}-${from + i}`,
      userId: userId(from + i + 1),
      channelId: room,
    }));
    const part = { snapshot, index: parts.length, last: from + PRESENCE_ENTRIES >= SOCKETS };
    const cursors: Snapshot['cursors'] = part.index === 0 ? [[room, seq(snapshot)]] : [];
    parts.push({ kind: 'SNAPSHOT', server, boot: 'b', part, connections, cursors });
  }
  return parts;
}

const announce = (record: Snapshot): Promise<void> =>
  producer.send(connectionPresence.name, {
    key: connectionPresence.key(record),
    value: connectionPresence.encode(record),
  });

const cursorOfRoom = () => [...presence.cursors()].find(({ channelId: id }) => id === room)?.seq;

it('20,000 sockets of one server are known when the last part has come, and those that have gone are forgotten', async () => {
  for (const part of partsFrom(0, 1)) await announce(part);
  await eventually(() => expect(presence.knowsAllOf(server)).toBe(true), 25_000);
  expect(presence.viewers(room).servers.get(server)).toBe(SOCKETS);
  expect(presence.viewers(room).users.size).toBe(SOCKETS);

  const gone = 500;
  const [...parts] = partsFrom(gone, 2);
  const last = parts.pop();
  if (last === undefined) throw new Error('no parts');
  for (const part of parts) await announce(part);
  expect(presence.viewers(room).servers.get(server)).toBe(SOCKETS);
  await announce(last);
  await eventually(() => expect(cursorOfRoom()).toBe(2), 25_000);
  expect(presence.viewers(room).servers.get(server)).toBe(SOCKETS - gone);
  expect([presence.serversOf(userId(1)), presence.serversOf(userId(SOCKETS))]).toEqual([[], [server]]);
}, 60_000);
