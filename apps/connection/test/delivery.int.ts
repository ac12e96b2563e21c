import { type ChannelId, channelId, seq, Serial } from '@parley/protocol';
import { eventually } from '@parley/testing';
import { ConnectionFixture, type Visitor } from './connection-fixture.js';

let server: ConnectionFixture;
let room: ChannelId;
let lastRoom = 100;
const visitors: Visitor[] = [];
beforeAll(async () => {
  server = await ConnectionFixture.start({ SEND_QUEUE_BYTES: '200000' });
}, 60_000);
afterAll(async () => server[Symbol.asyncDispose]());
beforeEach(() => {
  server.relay.length = 0;
  room = channelId(++lastRoom);
});
afterEach(async () => {
  for (const { wire } of visitors.splice(0)) await wire[Symbol.asyncDispose]();
});

async function visitor(): Promise<Visitor> {
  const opened = await server.visitor();
  visitors.push(opened);
  return opened;
}

/** A new visitor who shows the room, knowing everything up to `last`. */
async function viewer(last = 0, channel = room): Promise<Visitor> {
  const entering = await visitor();
  await enters(entering, last, channel);
  return entering;
}

async function enters(entering: Visitor, last = 0, channel = room): Promise<void> {
  await server.letIn(entering, {
    type: 'ENTER_RESPONSE',
    channelId: channel,
    title: 'room',
    lastReadMessageSeqId: seq(0),
    lastChannelMessageSeqId: seq(last),
  });
  await entering.wire.next('ENTER_RESPONSE');
}

/** Those of this test; visitors of the one before may still be leaving. */
const viewersLeft = () => server.relayed('VIEWER_LEFT').filter(({ channelId: id }) => id === room);

const message = (number: number, channel = room) => ({
  channelId: channel,
  messageSeqId: seq(number),
  username: 'bob',
  content: `text ${number}`,
});
const news = (number: number, except = 'elsewhere') => ({
  kind: 'TO_CHANNEL' as const,
  message: message(number),
  request: `r${number}`,
  except,
});
const replayed = (last: number, ...numbers: number[]) => ({
  kind: 'REPLAYED' as const,
  channelId: room,
  messages: numbers.map((number) => message(number)),
  last: seq(last),
});

/** Everything has arrived that was told before; the sequences that came with it. */
async function sequencesOf(visitor: Visitor): Promise<number[]> {
  const marker = { type: 'WRITE_MESSAGE_ACK' as const, serial: Serial.parse(Date.now()), messageSeqId: seq(0) };
  await server.answer(visitor, marker);
  await visitor.wire.next('WRITE_MESSAGE_ACK');
  return visitor.wire.take('NOTIFY_MESSAGE').map((frame) => frame.messageSeqId);
}

describe('a message of a channel', () => {
  it('goes to every socket on this server that shows the channel, but for the one that wrote it', async () => {
    const [writer, other, third] = [await viewer(), await viewer(), await viewer()];
    const elsewhere = await viewer(0, channelId(++lastRoom));
    const outside = await visitor();
    await server.tell(news(1, writer.connection), news(2, other.connection));
    expect(await sequencesOf(writer)).toEqual([2]);
    expect(await sequencesOf(other)).toEqual([1]);
    expect(await sequencesOf(third)).toEqual([1, 2]);
    expect(await sequencesOf(elsewhere)).toEqual([]);
    expect(await sequencesOf(outside)).toEqual([]);
  });

  it('has exactly the fields of the protocol', async () => {
    const ann = await viewer();
    await server.tell(news(1));
    await sequencesOf(ann);
    expect(ann.wire.received.map((text): unknown => JSON.parse(text))).toContainEqual({
      type: 'NOTIFY_MESSAGE',
      channelId: room,
      messageSeqId: 1,
      username: 'bob',
      content: 'text 1',
    });
  });

  it('is not sent to a socket that has had it with its history', async () => {
    const [early, late] = [await viewer(0), await visitor()];
    await server.tell(news(1), news(2));
    await enters(late, 2);
    await server.tell(news(1), news(2), news(3));
    expect(await sequencesOf(early)).toEqual([1, 2, 3]);
    expect(await sequencesOf(late)).toEqual([3]);
  });

  it('waits for those before it, which are asked for once', async () => {
    const ann = await viewer();
    await server.tell(news(1), news(4), news(5));
    expect(await sequencesOf(ann)).toEqual([1]);
    await eventually(() => expect(server.relayed('REPLAY')).toHaveLength(1));
    expect(server.relayed('REPLAY')).toEqual([{ kind: 'REPLAY', channelId: room, server: server.server, after: 1 }]);
    await server.tell(news(6), replayed(6, 2, 3, 4));
    expect(await sequencesOf(ann)).toEqual([2, 3, 4, 5, 6]);
  });

  it('is asked for again when the answer did not reach far enough', async () => {
    const ann = await viewer();
    await server.tell(news(9));
    await eventually(() => expect(server.relayed('REPLAY')).toHaveLength(1));
    await server.tell(replayed(9, 1, 2, 3));
    await eventually(() => expect(server.relayed('REPLAY').map(({ after }) => after)).toEqual([0, 3]));
    await server.tell(replayed(9, 4, 5, 6, 7, 8, 9));
    expect(await sequencesOf(ann)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('is asked for again when nobody answers', async () => {
    const ann = await viewer();
    await server.tell(news(2));
    await eventually(() => expect(server.relayed('REPLAY')).toHaveLength(2));
    await server.tell(replayed(2, 1, 2));
    expect(await sequencesOf(ann)).toEqual([1, 2]);
  }, 15_000);

  it('is missed when a newcomer is told of more than has arrived', async () => {
    const early = await viewer(0);
    const late = await viewer(2);
    await eventually(() => expect(server.relayed('REPLAY')).toHaveLength(1));
    await server.tell(replayed(2, 1, 2));
    expect(await sequencesOf(early)).toEqual([1, 2]);
    expect(await sequencesOf(late)).toEqual([]);
  });

  it('is replayed for a newcomer alone who knows less than has been delivered', async () => {
    const early = await viewer(0);
    await server.tell(news(1), news(2));
    const late = await viewer(0);
    await eventually(() => expect(server.relayed('REPLAY').map(({ after }) => after)).toEqual([0]));
    await server.tell(replayed(2, 1, 2), news(3));
    expect(await sequencesOf(early)).toEqual([1, 2, 3]);
    expect(await sequencesOf(late)).toEqual([1, 2, 3]);
  });
});

describe('other news', () => {
  it('for a user goes to all sockets of the user', async () => {
    const first = await visitor();
    const second = await server.connect(first.userId, first.cookie);
    visitors.push(second);
    await server.tell({
      kind: 'TO_USER',
      userId: first.userId,
      request: 'r',
      frame: { type: 'ASK_INVITE', username: 'bob' },
    });
    for (const { wire } of [first, second]) expect(await wire.next('ASK_INVITE')).toMatchObject({ username: 'bob' });

    await first.wire[Symbol.asyncDispose]();
    await server.tell({
      kind: 'TO_USER',
      userId: first.userId,
      request: 'r',
      frame: { type: 'ASK_INVITE', username: 'cat' },
    });
    expect(await second.wire.next('ASK_INVITE')).toMatchObject({ username: 'cat' });
  });

  it('for a socket goes to that one only, and unknown sockets do no harm', async () => {
    const first = await visitor();
    const second = await server.connect(first.userId, first.cookie);
    visitors.push(second);
    await server.answer({ connection: 'of-an-earlier-boot', userId: first.userId }, { type: 'LEAVE_RESPONSE' });
    await server.answer(second, { type: 'LEAVE_RESPONSE' });
    await second.wire.next('LEAVE_RESPONSE');
    expect(first.wire.received).toEqual([]);
  });
});

describe('news that find no socket', () => {
  it('become a push where they are worth one', async () => {
    const ann = await visitor();
    await ann.wire[Symbol.asyncDispose]();
    await eventually(() => expect(closedConnections()).toContain(ann.connection));
    const created = { type: 'CREATE_RESPONSE' as const, channelId: room, title: 'room' };
    const asked = { type: 'ASK_INVITE' as const, username: 'bob' };
    await server.answer(ann, { type: 'LEAVE_RESPONSE' }, 'q0');
    await server.answer(ann, created, 'q1');
    await server.tell({ kind: 'TO_USER', userId: ann.userId, request: 'q2', frame: asked });
    const pushes = () => server.pushes.filter(({ userIds }) => userIds.includes(ann.userId));
    await eventually(() => expect(pushes()).toHaveLength(2));
    expect(pushes().toSorted((a, b) => a.request.localeCompare(b.request))).toMatchObject([
      { request: 'q1', userIds: [ann.userId], frame: created },
      { request: 'q2', userIds: [ann.userId], frame: asked },
    ]);
  });
});

describe('a viewer leaves', () => {
  const left = (who: Visitor, seen: number) => ({
    kind: 'VIEWER_LEFT',
    channelId: room,
    userId: who.userId,
    server: server.server,
    connection: who.connection,
    seen,
  });

  it('by closing: the owner hears what it has seen', async () => {
    const ann = await viewer(3);
    await server.tell(news(4), news(5));
    await sequencesOf(ann);
    await ann.wire[Symbol.asyncDispose]();
    await eventually(() => expect(viewersLeft()).toEqual([left(ann, 5)]));
  });

  it('without a word: the owner hears what has surely arrived, which is what was there when it entered', async () => {
    const ann = await viewer(3);
    await server.tell(news(4), news(5));
    await sequencesOf(ann);
    ann.wire.cut();
    await eventually(() => expect(viewersLeft()).toEqual([left(ann, 3)]));
  });

  it('by entering another channel: the owner of the first hears it', async () => {
    const ann = await viewer(3);
    await enters(ann, 0, channelId(++lastRoom));
    await eventually(() => expect(viewersLeft()).toEqual([left(ann, 3)]));
    await server.tell(news(4));
    expect(await sequencesOf(ann)).toEqual([]);
  });

  it.each([
    ['leaving', { type: 'LEAVE_RESPONSE' as const }],
    ['quitting', { type: 'QUIT_RESPONSE' as const, channelId: channelId(1) }],
  ])('by %s: the owner knows', async (_name, frame) => {
    const ann = await viewer();
    ann.wire.send({ type: 'LEAVE_REQUEST' });
    await eventually(() => expect(server.relayed('COMMAND')).toHaveLength(1));
    await server.answer(ann, 'channelId' in frame ? { ...frame, channelId: room } : frame);
    await server.tell(news(1));
    expect(await sequencesOf(ann)).toEqual([]);
    expect(viewersLeft()).toEqual([]);
  });

  it('by losing the membership: all sockets of the user leave without a word', async () => {
    const [ann, bob] = [await viewer(), await viewer()];
    await server.tell({ kind: 'MEMBER_GONE', channelId: room, userId: ann.userId }, news(1));
    expect(await sequencesOf(ann)).toEqual([]);
    expect(await sequencesOf(bob)).toEqual([1]);
    expect(viewersLeft()).toEqual([]);
  });

  it('before it has come: the answer to its ENTER finds nobody, and the owner hears that', async () => {
    const ann = await visitor();
    ann.wire.send({ type: 'ENTER_REQUEST', channelId: room });
    await eventually(() => expect(server.relayed('COMMAND')).toHaveLength(1));
    await ann.wire[Symbol.asyncDispose]();
    await eventually(() => expect(closedConnections()).toContain(ann.connection));
    await server.answer(ann, {
      type: 'ENTER_RESPONSE',
      channelId: room,
      title: 'room',
      lastReadMessageSeqId: seq(0),
      lastChannelMessageSeqId: seq(8),
    });
    await eventually(() => expect(viewersLeft()).toEqual([left(ann, 8)]));
  });
});

const closedConnections = () => server.presence.flatMap((record) => (record.kind === 'DELTA' ? record.closed : []));

describe('a reader that is too slow', () => {
  it('is closed with the word to resume, while the others get everything', async () => {
    const [slow, quick] = [await viewer(), await viewer()];
    slow.wire.pause();
    const content = 'x'.repeat(1_000);
    let number = 0;
    await eventually(async () => {
      const batch = Array.from({ length: 500 }, () => ({
        ...news(++number),
        message: { ...message(number), content },
      }));
      await server.tell(...batch);
      expect(closedConnections()).toContain(slow.connection);
    }, 30_000);
    const [gone] = viewersLeft();
    expect(gone).toMatchObject({ connection: slow.connection });
    expect(gone?.seen).toBeLessThan(number);
    slow.wire.resume();
    // It gets what fits before the close frame, or is cut off.
    expect([4000, 1006]).toContain((await slow.wire.untilClosed()).code);
    expect(await sequencesOf(quick)).toHaveLength(number);
  }, 60_000);
});
