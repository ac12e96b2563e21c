import { channelId, type ClientFrame, LIMITS, Serial, seq } from '@parley/protocol';
import { redisKeys, sessionHash } from '@parley/contracts';
import { eventually } from '@parley/testing';
import { ConnectionFixture, type Visitor } from './connection-fixture.js';

let server: ConnectionFixture;
let ann: Visitor;
beforeAll(async () => {
  server = await ConnectionFixture.start({ FRAMES_PER_SECOND: '50', FRAMES_BURST: '300' });
}, 60_000);
afterAll(async () => server[Symbol.asyncDispose]());
beforeEach(async () => {
  server.relay.length = 0;
  server.requests.length = 0;
  ann = await server.visitor();
});
afterEach(async () => ann.wire[Symbol.asyncDispose]());

const origin = () => ({
  userId: ann.userId,
  username: `user${ann.userId}`,
  server: server.server,
  connection: ann.connection,
});
const room = channelId(7);
const write = (number: number | null, content = 'hi') => ({
  type: 'WRITE_MESSAGE' as const,
  serial: number === null ? null : Serial.parse(number),
  channelId: room,
  content,
});
const entered = (channel = room, last = 0) => ({
  type: 'ENTER_RESPONSE' as const,
  channelId: channel,
  title: 'room',
  lastReadMessageSeqId: seq(0),
  lastChannelMessageSeqId: seq(last),
});

describe('the way of a frame', () => {
  it.each<ClientFrame>([
    { type: 'FETCH_USER_INVITECODE_REQUEST' },
    { type: 'FETCH_CONNECTIONS_REQUEST', status: 'PENDING' },
    { type: 'INVITE_REQUEST', userInviteCode: 'abc' },
    { type: 'ACCEPT_REQUEST', username: 'bob' },
    { type: 'REJECT_REQUEST', username: 'bob' },
    { type: 'DISCONNECT_REQUEST', username: 'bob' },
    { type: 'FETCH_CHANNELS_REQUEST' },
    { type: 'CREATE_REQUEST', title: 'room', participantUsernames: ['bob'] },
    { type: 'JOIN_REQUEST', inviteCode: 'abc' },
    { type: 'LEAVE_REQUEST' },
  ])('of type $type is the one of its user', async (frame) => {
    ann.wire.send(frame);
    const record = await eventually(() => server.requests[0] ?? Promise.reject(new Error('nothing came')));
    expect(record).toMatchObject({ kind: 'COMMAND', origin: origin(), frame });
  });

  it.each<ClientFrame>([
    { type: 'FETCH_CHANNEL_INVITECODE_REQUEST', channelId: room },
    { type: 'ENTER_REQUEST', channelId: room },
    { type: 'QUIT_REQUEST', channelId: room },
    { type: 'FETCH_MESSAGES_REQUEST', channelId: room, startMessageSeqId: seq(1), endMessageSeqId: seq(2) },
  ])('of type $type is the one of its channel', async (frame) => {
    ann.wire.send(frame);
    const record = await eventually(() => server.relay[0] ?? Promise.reject(new Error('nothing came')));
    expect(record).toMatchObject({ kind: 'COMMAND', channelId: room, origin: origin(), frame });
  });

  it('keeps the order in which the frames came', async () => {
    const numbers = Array.from({ length: 200 }, (_, number) => number);
    for (const number of numbers) ann.wire.send(write(number));
    await eventually(() => expect(server.relayed('WRITE')).toHaveLength(200));
    expect(server.relayed('WRITE').map(({ frame }) => frame.serial)).toEqual(numbers);
    const requests = server.relayed('WRITE').map((record) => record.origin.request);
    expect(new Set(requests).size).toBe(200);
  });

  it('makes a write unique by its serial, or by a number below zero where it has none', async () => {
    for (const frame of [write(5), write(null), write(null)]) ann.wire.send(frame);
    await eventually(() => expect(server.relayed('WRITE')).toHaveLength(3));
    const [first, ...others] = server.relayed('WRITE').map(({ once }) => once);
    expect(first).toBe(5);
    expect(others.every((once) => once < 0 && Number.isSafeInteger(once))).toBe(true);
    expect(new Set(others).size).toBe(2);
  });

  it('of LEAVE goes to the channel that the socket has asked to enter, or shows', async () => {
    ann.wire.send({ type: 'ENTER_REQUEST', channelId: room });
    ann.wire.send({ type: 'LEAVE_REQUEST' });
    await eventually(() => expect(server.relayed('COMMAND')).toHaveLength(2));
    const [enter, leave] = server.relayed('COMMAND');
    expect(leave).toMatchObject({ channelId: room, frame: { type: 'LEAVE_REQUEST' } });

    await server.answer(ann, entered(), enter?.origin.request);
    await ann.wire.next('ENTER_RESPONSE');
    await server.letIn(ann, entered(channelId(8)));
    await ann.wire.next('ENTER_RESPONSE');
    ann.wire.send({ type: 'LEAVE_REQUEST' });
    await eventually(() => expect(server.relayed('COMMAND')).toHaveLength(3));
    expect(server.relayed('COMMAND')[2]).toMatchObject({ channelId: 8, frame: { type: 'LEAVE_REQUEST' } });
  });

  it('back to the socket is gone once: an answer to ENTER that comes again after a crash cannot turn the screen back', async () => {
    await server.letIn(ann, entered());
    await server.letIn(ann, entered(channelId(8)));
    await ann.wire.next('ENTER_RESPONSE', ({ channelId: id }) => id === 8);
    ann.wire.take('ENTER_RESPONSE');
    ann.wire.send({ type: 'ENTER_REQUEST', channelId: room });
    ann.wire.send({ type: 'ENTER_REQUEST', channelId: channelId(8) });
    await eventually(() => expect(server.relayed('COMMAND')).toHaveLength(2));
    const [first, second] = server.relayed('COMMAND').map(({ origin }) => origin.request);
    await server.answer(ann, entered(), first);
    await server.answer(ann, entered(channelId(8)), second);
    await server.answer(ann, entered(), first);
    await server.answer(ann, { type: 'LEAVE_RESPONSE' });
    await ann.wire.next('LEAVE_RESPONSE');
    expect(ann.wire.take('ENTER_RESPONSE').map(({ channelId: id }) => id)).toEqual([room, 8]);
    // The owner of the first channel takes the socket for a viewer again, and learns that it is none.
    await eventually(() =>
      expect(server.relayed('VIEWER_LEFT')).toContainEqual(
        expect.objectContaining({ channelId: room, connection: ann.connection }),
      ),
    );
  });

  it('of LEAVE goes to the user after an ENTER that failed', async () => {
    ann.wire.send({ type: 'ENTER_REQUEST', channelId: room });
    await eventually(() => expect(server.relayed('COMMAND')).toHaveLength(1));
    const error = { type: 'ERROR' as const, messageType: 'ENTER_REQUEST', message: 'Not joined.' };
    await server.answer(ann, error, server.relayed('COMMAND')[0]?.origin.request);
    await ann.wire.next('ERROR');
    ann.wire.send({ type: 'LEAVE_REQUEST' });
    await eventually(() => expect(server.requests).toHaveLength(1));
  });
});

describe('reading acknowledgements', () => {
  const read = (position: number) => ({ type: 'READ_MESSAGE_ACK', channelId: room, messageSeqId: seq(position) });

  it('are passed on as the newest position of each socket', async () => {
    for (const position of [1, 4, 3, 2]) ann.wire.send(read(position));
    await eventually(() => expect(server.relayed('READS')).toHaveLength(1));
    expect(server.relayed('READS')).toMatchObject([
      { channelId: room, positions: [{ userId: ann.userId, connection: ann.connection, seq: 4 }] },
    ]);
  });

  it('arrive before the ENTER that was sent after them', async () => {
    ann.wire.send(read(9));
    ann.wire.send({ type: 'ENTER_REQUEST', channelId: room });
    await eventually(() => expect(server.relayed('COMMAND')).toHaveLength(1));
    expect(server.relay.map(({ kind }) => kind)).toEqual(['READS', 'COMMAND']);
  });

  it('are passed on when the socket closes', async () => {
    ann.wire.send(read(9));
    await ann.wire[Symbol.asyncDispose]();
    await eventually(() => expect(server.relayed('READS')).toHaveLength(1));
  });

  it('of messages that were sent to the socket do not count as frames', async () => {
    await server.letIn(ann, entered());
    const messages = Array.from({ length: 1_000 }, (_, i) => ({
      channelId: room,
      messageSeqId: seq(i + 1),
      username: 'bob',
      content: 'hi',
    }));
    await server.tell(
      ...messages.map((message) => ({ kind: 'TO_CHANNEL' as const, message, request: 'r', except: 'another' })),
    );
    for (const { messageSeqId } of messages) {
      await ann.wire.next('NOTIFY_MESSAGE', (frame) => frame.messageSeqId === messageSeqId);
      ann.wire.send(read(messageSeqId));
    }
    await eventually(() => expect(server.relayed('READS').at(-1)?.positions[0]?.seq).toBe(1_000));
    expect(ann.wire.take('ERROR')).toEqual([]);
  });
});

describe('bad frames are answered and never close the socket', () => {
  it.each([
    ['not JSON', 'hello', 'UNKNOWN'],
    ['a list', '[]', 'UNKNOWN'],
    ['an unknown type', '{"type":"SHOUT"}', 'UNKNOWN'],
    ['no type', '{}', 'UNKNOWN'],
    ['no channelId', '{"type":"WRITE_MESSAGE","serial":1,"content":"hi"}', 'WRITE_MESSAGE'],
    ['a channelId of zero', '{"type":"ENTER_REQUEST","channelId":0}', 'ENTER_REQUEST'],
    ['an object for a number', '{"type":"QUIT_REQUEST","channelId":{}}', 'QUIT_REQUEST'],
    [
      'a negative range',
      '{"type":"FETCH_MESSAGES_REQUEST","channelId":1,"startMessageSeqId":-1,"endMessageSeqId":2}',
      'FETCH_MESSAGES_REQUEST',
    ],
    ['a status that is none', '{"type":"FETCH_CONNECTIONS_REQUEST","status":"FOE"}', 'FETCH_CONNECTIONS_REQUEST'],
    ['an empty content', '{"type":"WRITE_MESSAGE","serial":1,"channelId":1,"content":""}', 'WRITE_MESSAGE'],
    ['1001 characters', JSON.stringify(write(1, 'x'.repeat(1_001))), 'WRITE_MESSAGE'],
  ])('%s', async (_name, text, messageType) => {
    ann.wire.sendRaw(text);
    expect(await ann.wire.next('ERROR')).toMatchObject({ messageType });
    expect(ann.wire.closed).toBeUndefined();
    // Visitors of the test before may still be leaving.
    expect(server.relay.filter(({ kind }) => kind !== 'VIEWER_LEFT')).toEqual([]);
  });
});

describe('the bounds of a frame', () => {
  const sized = (characters: number, filling: string) => filling.repeat(characters);

  it.each(['x', 'é', '한'])('lets 8192 characters of %s pass', async (letter) => {
    ann.wire.sendRaw(sized(LIMITS.frameCharacters, letter));
    expect(await ann.wire.next('ERROR')).toMatchObject({ messageType: 'UNKNOWN' });
  });

  it.each(['x', '한'])('closes with 1009 at 8193 characters of %s', async (letter) => {
    ann.wire.sendRaw(sized(LIMITS.frameCharacters + 1, letter));
    expect(await ann.wire.untilClosed()).toMatchObject({ code: 1009 });
  });

  it('closes with 1009 what is far too long', async () => {
    ann.wire.sendRaw('x'.repeat(1_000_000));
    expect(await ann.wire.untilClosed()).toMatchObject({ code: 1009 });
  });

  it('closes with 1003 what is binary', async () => {
    ann.wire.sendRaw(Buffer.from('{"type":"KEEP_ALIVE"}'));
    expect(await ann.wire.untilClosed()).toEqual({ code: 1003, reason: 'Binary messages not supported' });
  });
});

describe('a flood', () => {
  it('is warned of once and then closed', async () => {
    for (let i = 0; i < 1_000; i++) ann.wire.send({ type: 'KEEP_ALIVE' });
    expect(await ann.wire.untilClosed()).toEqual({ code: 4200, reason: 'Too many messages' });
    expect(ann.wire.take('ERROR')).toEqual([
      { type: 'ERROR', messageType: 'UNKNOWN', message: 'Too many messages, slow down.' },
    ]);
  });
});

describe('KEEP_ALIVE', () => {
  it('renews the session and has no answer', async () => {
    const key = redisKeys.session(sessionHash(ann.cookie) ?? '');
    await server.redis.expire(key, 100);
    await eventually(async () => {
      ann.wire.send({ type: 'KEEP_ALIVE' });
      expect(await server.redis.ttl(key)).toBeGreaterThan(200);
    });
    expect(ann.wire.received).toEqual([]);
  });
});
