import { randomUUID } from 'node:crypto';
import { connectionPresence, type ConnectionPresence, PRESENCE_ENTRIES } from '@parley/contracts';
import { BatchingProducer, BroadcastConsumer, createKafka, kafkaEnv, kafkaOptionsFrom } from '@parley/kafka';
import { createLogger, loadConfig, Metrics } from '@parley/platform';
import { channelId, seq, userId } from '@parley/protocol';
import { eventually } from '@parley/testing';
import { z } from 'zod';
import { PresenceAnnouncer } from '../src/presence/presence-announcer.js';
import { KafkaPublisher } from '../src/produce/publisher.js';
import { ConnectionMetrics } from '../src/server/connection.metrics.js';
import { ServerIdentity } from '../src/server/server-identity.js';
import { ShownChannel } from '../src/socket/client-socket.js';

const SOCKETS = 20_000;
/** What brokers accept in one request, all headers included, is 1 MiB. */
const RECORD_BYTES = 900_000;

const log = createLogger({ service: 'connection', instance: 'test', level: 'silent' });
const kafka = createKafka(kafkaOptionsFrom(loadConfig(z.object(kafkaEnv)), 'presence-test'), log);
const producer = new BatchingProducer({ kafka });
const consumer = new BroadcastConsumer({ kafka, groupPrefix: 'presence-test' });
const identity = new ServerIdentity(`eu-central-1-${randomUUID()}`);
const sockets = Array.from({ length: SOCKETS }, (_, i) => ({
  id: identity.nextConnection(),
  userId: userId(i + 1),
  shown: Object.assign(new ShownChannel(), { channelId: channelId(i + 1) }),
}));
const publisher = new KafkaPublisher(producer, new ConnectionMetrics(new Metrics('connection')));
const announcer = new PresenceAnnouncer({ all: () => sockets.values() }, publisher, identity, log);
const records: { record: ConnectionPresence; bytes: number }[] = [];

beforeAll(async () => {
  await consumer.start(connectionPresence.name, (batch) => {
    for (const { value } of batch) {
      const record = connectionPresence.decode(value);
      if (record.ok && record.value.server === identity.server) {
        records.push({ record: record.value, bytes: value.length });
      }
    }
  });
}, 30_000);
afterAll(async () => {
  await announcer.stop();
  await Promise.all([consumer.close(), producer.close()]);
});

const partsOf = (snapshot: number) =>
  records.flatMap(({ record }) => (record.kind === 'SNAPSHOT' && record.part.snapshot === snapshot ? [record] : []));

it('a server tells of 20,000 sockets and channels in parts, each of which fits into a record', async () => {
  announcer.cursors = () => sockets.map(({ userId: id }) => [channelId(id), seq(id)]);
  announcer.start();
  announcer.snapshot();
  await eventually(() => expect(partsOf(2).at(-1)?.part.last).toBe(true), 45_000);
  for (const snapshot of [1, 2]) {
    const parts = partsOf(snapshot);
    expect(parts.map(({ part }) => part.index)).toEqual(parts.map((_, index) => index));
    expect(parts.filter(({ part }) => part.last)).toHaveLength(1);
    const connections = parts.flatMap((part) => part.connections);
    expect(connections.map((connection) => connection.userId)).toEqual(
      Array.from({ length: SOCKETS }, (_, i) => i + 1),
    );
    expect(new Map(parts.flatMap((part) => part.cursors)).size).toBe(SOCKETS);
  }
  expect(Math.max(...records.map(({ bytes }) => bytes))).toBeLessThan(RECORD_BYTES);
}, 60_000);

it('a server tells of 5,000 changes at once in several records', async () => {
  const before = records.length;
  for (const socket of sockets.slice(0, 5_000)) announcer.showing(socket);
  const changed = () =>
    records.slice(before).flatMap(({ record }) => (record.kind === 'DELTA' ? [record.changed] : []));
  await eventually(() => expect(changed().flat()).toHaveLength(5_000), 45_000);
  expect(Math.max(...changed().map(({ length }) => length))).toBe(PRESENCE_ENTRIES);
}, 60_000);
