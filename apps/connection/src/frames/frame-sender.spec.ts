import { ProduceTimeout, ProducerOverloaded } from '@parley/kafka';
import { createLogger, Metrics } from '@parley/platform';
import { channelId, seq, Serial, ServerFrame, userId } from '@parley/protocol';
import { ScriptedKafka } from '../../test/fake-socket.js';
import { ConnectionMetrics } from '../server/connection.metrics.js';
import { ServerIdentity } from '../server/server-identity.js';
import { ShownChannel } from '../socket/client-socket.js';
import { Backlog } from './backlog.js';
import { FrameSender } from './frame-sender.js';
import { UncertainRequests } from './uncertain-requests.js';

function setUp() {
  const kafka = new ScriptedKafka();
  const log = createLogger({ service: 'connection', instance: '1', level: 'silent' });
  const metrics = new ConnectionMetrics(new Metrics('connection'));
  const answers: ServerFrame[] = [];
  const waiting = { now: 0 };
  const rests = { taken: 0 };
  const socket = {
    id: 'c1',
    userId: userId(5),
    username: 'ann',
    shown: new ShownChannel(),
    uncertain: new UncertainRequests(8),
    frameLeft: () => (waiting.now += 1),
    frameSettled: () => (waiting.now -= 1),
    rest: () => (rests.taken += 1),
    send: (frame: ServerFrame) => answers.push(frame),
    sendPrepared: (frame: Uint8Array) => {
      answers.push(ServerFrame.parse(JSON.parse(Buffer.from(frame.subarray(2)).toString())));
      return true;
    },
  };
  const identity = new ServerIdentity('1');
  const backlog = new Backlog({ backlog: { alwaysWaiting: 2, waitMs: 1_000 } }, identity);
  const sender = new FrameSender(kafka, identity, backlog, metrics, log);
  return { kafka, sender, socket, answers, waiting, rests };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
const create = { type: 'CREATE_REQUEST' as const, title: 'room', participantUsernames: ['bob'] };
const write = { type: 'WRITE_MESSAGE' as const, channelId: channelId(7), serial: null, content: 'hi' };
const TEXT = 'the frame as it came';

describe('a frame that cannot be handed on', () => {
  it.each([new ProduceTimeout(false), new ProduceTimeout('unknown'), new ProducerOverloaded()])(
    'is answered with the text for its type',
    async (failure) => {
      const { kafka, sender, socket, answers, waiting } = setUp();
      kafka.failure = failure;
      sender.toUser(socket, create, TEXT);
      await settled();
      expect(answers).toEqual([{ type: 'ERROR', messageType: 'CREATE_REQUEST', message: 'Create failed.' }]);
      expect(waiting.now).toBe(0);
    },
  );

  it('is the same request when it comes again after an unknown outcome', async () => {
    const { kafka, sender, socket } = setUp();
    kafka.failure = new ProduceTimeout('unknown');
    const first = sender.toUser(socket, create, TEXT);
    await settled();
    const second = sender.toUser(socket, create, TEXT);
    await settled();
    kafka.failure = undefined;
    const third = sender.toUser(socket, create, TEXT);
    await settled();
    expect([second, third]).toEqual([first, first]);
    sender.answered(first, socket);
    expect(sender.toUser(socket, create, TEXT)).not.toBe(first);
  });

  it('is the same message when it comes again, even without a serial', async () => {
    const { kafka, sender, socket } = setUp();
    kafka.failure = new ProduceTimeout('unknown');
    sender.write(socket, write, TEXT);
    await settled();
    sender.write(socket, write, TEXT);
    const [first, second] = kafka.records;
    expect(second).toBe(first);
  });

  it('is a new request when it certainly was not sent', async () => {
    const { kafka, sender, socket } = setUp();
    kafka.failure = new ProduceTimeout(false);
    const first = sender.toUser(socket, create, TEXT);
    await settled();
    expect(sender.toUser(socket, create, TEXT)).not.toBe(first);
  });

  it('leaves the socket where it is when it was an ENTER', async () => {
    const { kafka, sender, socket } = setUp();
    kafka.failure = new ProduceTimeout(false);
    socket.shown.heading = channelId(7);
    const enter = { type: 'ENTER_REQUEST' as const, channelId: channelId(7) };
    socket.shown.enterRequest = sender.toChannel(socket, channelId(7), enter, TEXT);
    await settled();
    expect(socket.shown.heading).toBeUndefined();
  });
});

describe('a frame that is not answered', () => {
  const LATE = 10_000;
  const error = { type: 'ERROR', messageType: 'WRITE_MESSAGE', message: 'Write message failed.' };

  it('gets an ERROR before clients give up, once', async () => {
    const { sender, socket, answers } = setUp();
    sender.write(socket, write, TEXT);
    await settled();
    const now = performance.now();
    sender.look(now + LATE - 1_000);
    expect(answers).toEqual([]);
    sender.look(now + LATE);
    sender.look(now + 2 * LATE);
    expect(answers).toEqual([error]);
  });

  it('gets none when it was answered, and none twice when it cannot be handed on either', async () => {
    const { kafka, sender, socket, answers } = setUp();
    const answered = sender.toUser(socket, create, 'one');
    sender.answered(answered, socket);
    kafka.failure = new ProduceTimeout('unknown');
    sender.write(socket, write, 'two');
    sender.look(performance.now() + LATE);
    await settled();
    expect(answers).toEqual([error]);
  });

  it('is the same request when it comes again, until the late answer comes', async () => {
    const { sender, socket } = setUp();
    const first = sender.toUser(socket, create, TEXT);
    await settled();
    sender.look(performance.now() + LATE);
    const second = sender.toUser(socket, create, TEXT);
    sender.answered(first, socket);
    expect([second, sender.toUser(socket, create, TEXT)]).toEqual([first, expect.not.stringMatching(first)]);
  });

  it('leaves the socket where it is when it was an ENTER', () => {
    const { sender, socket } = setUp();
    const enter = { type: 'ENTER_REQUEST' as const, channelId: channelId(7) };
    socket.shown.heading = channelId(7);
    socket.shown.enterRequest = sender.toChannel(socket, channelId(7), enter, TEXT);
    sender.look(performance.now() + LATE);
    expect(socket.shown.heading).toBeUndefined();
  });
});

describe('a message while too many others wait', () => {
  it('is refused at once, and nothing of it is handed on; its socket is not read for a moment', () => {
    const { kafka, sender, socket, answers, rests } = setUp();
    for (const text of ['first', 'second', 'third']) sender.write(socket, { ...write, content: text }, text);
    expect(kafka.records).toHaveLength(2);
    expect(answers).toEqual([{ type: 'ERROR', messageType: 'WRITE_MESSAGE', message: 'Write message failed.' }]);
    expect(rests.taken).toBe(1);
  });

  it('does not wait for those that could not be handed on', async () => {
    const { kafka, sender, socket } = setUp();
    kafka.failure = new ProducerOverloaded();
    for (const text of ['first', 'second']) sender.write(socket, { ...write, content: text }, text);
    await settled();
    sender.write(socket, write, TEXT);
    expect(kafka.records).toHaveLength(3);
  });
});

describe('a frame that is handed on', () => {
  it('has a request id of its own every time', () => {
    const { sender, socket } = setUp();
    expect(sender.toUser(socket, create, TEXT)).not.toBe(sender.toUser(socket, create, TEXT));
  });

  it('carries the serial of a write as what makes it unique', () => {
    const { kafka, sender, socket } = setUp();
    sender.write(socket, { ...write, serial: Serial.parse(17) }, TEXT);
    expect(kafka.records[0]).toContain('"once":17');
  });

  it('says so when the socket of a write does not show the channel', () => {
    const { kafka, sender, socket } = setUp();
    socket.shown.begin(channelId(8), seq(0));
    sender.write(socket, write, TEXT);
    socket.shown.begin(write.channelId, seq(0));
    sender.write(socket, write, TEXT);
    expect(kafka.records.map((record) => record.includes('"blind":true'))).toEqual([true, false]);
  });
});
