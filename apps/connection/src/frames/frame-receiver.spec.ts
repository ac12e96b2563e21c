import { jest } from '@jest/globals';
import { createLogger, Metrics } from '@parley/platform';
import { channelId } from '@parley/protocol';
import { SessionSettings, type SessionStore } from '@parley/session';
import { fakeSocket, type FakeSocketOptions, ScriptedKafka, written } from '../../test/fake-socket.js';
import type { ConnectionSettings } from '../config.js';
import { ConnectionMetrics } from '../server/connection.metrics.js';
import { Pulse } from '../server/pulse.js';
import { ServerIdentity } from '../server/server-identity.js';
import { SessionWatch } from '../session/session-watch.js';
import { OpenSockets } from '../socket/open-sockets.js';
import { Backlog } from './backlog.js';
import { FrameHandlers } from './frame-handlers.js';
import { FrameReceiver } from './frame-receiver.js';
import { FrameSender } from './frame-sender.js';
import { ReadReporter } from './read-reporter.js';

function setUp(options?: FakeSocketOptions) {
  const kafka = new ScriptedKafka();
  const log = createLogger({ service: 'connection', instance: '1', level: 'silent' });
  const metrics = new ConnectionMetrics(new Metrics('connection'));
  const identity = new ServerIdentity('1');
  const backlog = new Backlog({ backlog: { alwaysWaiting: 9, waitMs: 1_000 } }, identity);
  const store: Partial<SessionStore> = { renew: () => Promise.resolve(true) };
  const sessions = new SessionWatch(store as SessionStore, new SessionSettings(60), log);
  const reads = new ReadReporter(kafka, identity, { readFlushMs: 60_000 } as ConnectionSettings, log);
  const sender = new FrameSender(kafka, identity, backlog, metrics, log);
  const handlers = new FrameHandlers(sender, reads, sessions);
  const pulse = new Pulse(new OpenSockets(), log);
  const receiver = new FrameReceiver(handlers, sender, sessions, pulse, metrics);
  const fake = fakeSocket(options);
  const receive = (frame: object) => receiver.receive(fake.socket, JSON.stringify(frame));
  return { kafka, reads, pulse, receiver, receive, ...fake };
}

const ROOM = channelId(7);

describe('a frame', () => {
  it('that cannot be read is answered with an ERROR', async () => {
    const { receiver, socket, frames } = setUp();
    receiver.receive(socket, 'not a frame');
    await written();
    expect(frames).toEqual(['ERROR']);
  });

  it('over the limit is refused, with one word about it in a second', async () => {
    const { receive, frames, kafka } = setUp({ framesBurst: 2 });
    for (let sent = 0; sent < 4; sent++) receive({ type: 'FETCH_CHANNELS_REQUEST' });
    await written();
    expect(kafka.records).toHaveLength(2);
    expect(frames).toEqual(['ERROR']);
  });

  it('that is a message is refused while too many wait, read or not, and all others are taken', async () => {
    const { receive, receiver, socket, frames, kafka } = setUp();
    const write = { type: 'WRITE_MESSAGE', serial: 1, channelId: 7, content: 'hi' };
    for (let sent = 0; sent < 9; sent++) receive({ ...write, serial: sent });
    expect(kafka.records).toHaveLength(9);
    receive({ ...write, serial: 10 });
    receiver.receive(socket, JSON.stringify({ serial: 11, channelId: 7, content: 'hi', type: 'WRITE_MESSAGE' }));
    receiver.receive(socket, '{"type":"WRITE_MESSAGE" and no end');
    receive({ type: 'FETCH_CHANNELS_REQUEST' });
    await written();
    expect(kafka.records).toHaveLength(10);

    expect(frames).toEqual(['ERROR', 'ERROR', 'ERROR']);
  });

  it('of a flood closes the socket', () => {
    const { receive, peer } = setUp({ framesBurst: 2 });
    for (let sent = 0; sent < 5; sent++) receive({ type: 'FETCH_CHANNELS_REQUEST' });
    expect(peer.done).toEqual(['close 4200']);
  });

  it('that was sent before this process stood still is not handed on', () => {
    jest.useFakeTimers();
    try {
      const { receive, kafka } = setUp();
      jest.advanceTimersByTime(20_000);
      receive({ type: 'FETCH_CHANNELS_REQUEST' });
      expect(kafka.records).toEqual([]);
      receive({ type: 'FETCH_CHANNELS_REQUEST' });
      expect(kafka.records).toHaveLength(1);
    } finally {
      jest.useRealTimers();
    }
  });

  it.each([
    [{ type: 'FETCH_USER_INVITECODE_REQUEST' }, 'userId'],
    [{ type: 'FETCH_CHANNEL_INVITECODE_REQUEST', channelId: ROOM }, 'channelId'],
    [{ type: 'QUIT_REQUEST', channelId: ROOM }, 'channelId'],
    [{ type: 'LEAVE_REQUEST' }, 'userId'],
  ])('%j goes to the owner of its %s', (frame, owner) => {
    const { receive, kafka } = setUp();
    receive(frame);
    expect(kafka.records).toHaveLength(1);
    expect(kafka.records[0]?.includes('"channelId":7,"origin"')).toBe(owner === 'channelId');
  });

  it('LEAVE goes to the channel that the socket is about to show', () => {
    const { receive, kafka, socket } = setUp();
    receive({ type: 'ENTER_REQUEST', channelId: ROOM });
    expect(socket.shown.heading).toBe(ROOM);
    receive({ type: 'LEAVE_REQUEST' });
    expect(kafka.records[1]).toContain('"channelId":7');
    const { heading, leaving, enterRequest } = socket.shown;
    expect([heading, leaving?.channelId, enterRequest]).toEqual([undefined, ROOM, undefined]);
    expect(kafka.records[1]).toContain(leaving?.request);
  });

  it('is preceded by what was read, where it depends on that', () => {
    const { receive, kafka } = setUp();
    receive({ type: 'READ_MESSAGE_ACK', channelId: ROOM, messageSeqId: 3 });
    expect(kafka.records).toEqual([]);
    receive({ type: 'FETCH_MESSAGES_REQUEST', channelId: ROOM, startMessageSeqId: 1, endMessageSeqId: 3 });
    expect(kafka.records.map((record) => /"kind":"(\w+)"/.exec(record)?.[1])).toEqual(['READS', 'COMMAND']);
  });

  it('that says what was read costs nothing when a message was waiting to be read', () => {
    const { receive, peer, socket } = setUp({ framesBurst: 2 });
    socket.unread = 20;
    for (let at = 1; at <= 20; at++) receive({ type: 'READ_MESSAGE_ACK', channelId: ROOM, messageSeqId: at });
    expect([socket.unread, peer.done]).toEqual([0, []]);
  });

  it('KEEP_ALIVE costs the message service nothing', () => {
    const { receive, kafka } = setUp();
    receive({ type: 'KEEP_ALIVE' });
    expect(kafka.records).toEqual([]);
  });
});

describe('what was read', () => {
  it('is passed on later when Kafka does not take it now', async () => {
    const { receive, reads, kafka } = setUp();
    kafka.failure = new Error('Kafka is away');
    receive({ type: 'READ_MESSAGE_ACK', channelId: ROOM, messageSeqId: 3 });
    reads.report();
    await written();
    kafka.failure = undefined;
    reads.report();
    reads.report();
    expect(kafka.records).toHaveLength(2);
    expect(kafka.records[1]).toBe(kafka.records[0]);
  });
});
