import type { NotificationEntry } from '@parley/contracts';
import { createLogger, Metrics } from '@parley/platform';
import { channelId, type NoticeFrame, seq, type ServerFrame, userId } from '@parley/protocol';
import { fakeSocket, ScriptedKafka, written } from '../../test/fake-socket.js';
import { PresenceAnnouncer } from '../presence/presence-announcer.js';
import { ConnectionMetrics } from '../server/connection.metrics.js';
import { ServerIdentity } from '../server/server-identity.js';
import type { ClientSocket } from '../socket/client-socket.js';
import { OpenSockets } from '../socket/open-sockets.js';
import { ChannelViews } from './channel-views.js';
import { LateAnswers } from './late-answers.js';
import { NotificationDelivery } from './notification-delivery.js';
import { RelayNotes } from './relay-notes.js';
import { ToldNotices } from './told-notices.js';
import { Undelivered } from './undelivered.js';

const ROOM = channelId(7);
const OTHER = channelId(8);

function setUp() {
  const kafka = new ScriptedKafka();
  const log = createLogger({ service: 'connection', instance: '1', level: 'silent' });
  const metrics = new ConnectionMetrics(new Metrics('connection'));
  const identity = new ServerIdentity('1');
  const sockets = new OpenSockets();
  const notes = new RelayNotes(kafka, identity, metrics, log);
  const views = new ChannelViews(notes, new PresenceAnnouncer(sockets, kafka, identity, log));
  const late = new LateAnswers(notes);
  const undelivered = new Undelivered(kafka, log);
  /** Requests nobody waits for any more. */
  const givenUp = new Set<string>();
  const delivery = new NotificationDelivery(
    sockets,
    views,
    late,
    undelivered,
    new ToldNotices(),
    { answered: (request) => !givenUp.has(request) },
    metrics,
    log,
  );
  const open = (id: string, user: number, wantsNotices = false) => {
    const fake = fakeSocket({ id, user, wantsNotices });
    sockets.add(fake.socket);
    return fake;
  };
  const answer = (socket: ClientSocket, request: string, frame: ServerFrame): number =>
    delivery.deliver({ kind: 'TO_CONNECTION', connection: socket.id, userId: socket.userId, request, frame });
  /** The socket asks for the channel and is let in, up to `last`. */
  const enter = (socket: ClientSocket, request: string, channel = ROOM, last = 0): number => {
    ask(socket, request, channel);
    return answer(socket, request, entered(channel, last));
  };
  /** What was said to the owner of a channel. */
  const told = () =>
    kafka.records.flatMap((text) => /"kind":"(?:VIEWER_LEFT|REPLAY)".*/.exec(text) ?? []).map((text) => text.slice(8));
  return { kafka, views, late, delivery, open, answer, enter, told, givenUp };
}

function ask({ shown }: ClientSocket, request: string, channel = ROOM): void {
  shown.heading = channel;
  shown.enterRequest = request;
  shown.enters.asked(request);
}

const entered = (channel = ROOM, last = 0): ServerFrame => ({
  type: 'ENTER_RESPONSE',
  channelId: channel,
  title: 'room',
  lastReadMessageSeqId: seq(0),
  lastChannelMessageSeqId: seq(last),
});
const message = (at: number, except = 'nobody'): NotificationEntry => ({
  kind: 'TO_CHANNEL',
  message: { channelId: ROOM, messageSeqId: seq(at), username: 'bob', content: `text ${at}` },
  request: 'r',
  except,
});

describe('the answer to an ENTER', () => {
  it('lets messages of the channel through from then on, but not to the socket that wrote them', async () => {
    const { delivery, open, enter } = setUp();
    const [ann, bob] = [open('ann', 1), open('bob', 2)];
    for (const { socket } of [ann, bob]) expect(enter(socket, `enter ${socket.id}`)).toBe(1);
    expect(delivery.deliver(message(1, 'bob'))).toBe(1);
    await written();
    expect(ann.frames).toEqual(['ENTER_RESPONSE', 'NOTIFY_MESSAGE']);
    expect(bob.frames).toEqual(['ENTER_RESPONSE']);
    expect(ann.socket.unread).toBe(1);
  });

  it('is given once, although it may come again after a crash of the message service', async () => {
    const { answer, open, enter } = setUp();
    const { socket, frames } = open('ann', 1);
    enter(socket, 'enter');
    expect(answer(socket, 'enter', entered())).toBe(0);
    await written();
    expect(frames).toEqual(['ENTER_RESPONSE']);
  });

  it('does not take the socket back when a later ENTER was answered first, and the owner is told', () => {
    const { answer, open, told } = setUp();
    const { socket } = open('ann', 1);
    ask(socket, 'first', OTHER);
    ask(socket, 'second', ROOM);
    answer(socket, 'second', entered(ROOM));
    answer(socket, 'first', entered(OTHER, 4));
    expect(socket.shown.channelId).toBe(ROOM);
    expect(told()).toEqual([expect.stringMatching(/VIEWER_LEFT.*"channelId":8.*"seen":4/)]);
  });

  it('says nothing to the owner when an overtaken answer is about the channel on the screen', () => {
    const { answer, open, told } = setUp();
    const { socket } = open('ann', 1);
    for (const request of ['first', 'second']) ask(socket, request);
    answer(socket, 'second', entered());
    answer(socket, 'first', entered());
    expect(told()).toEqual([]);
  });

  it('of an earlier ENTER shows that channel until the later one is answered', () => {
    const { answer, open } = setUp();
    const { socket } = open('ann', 1);
    ask(socket, 'first', OTHER);
    ask(socket, 'second', ROOM);
    answer(socket, 'first', entered(OTHER));
    expect(socket.shown).toMatchObject({ channelId: OTHER, heading: ROOM });
  });

  it('leaves the channel before, and its owner is told how far the socket has seen it', () => {
    const { delivery, open, enter, told } = setUp();
    const { socket } = open('ann', 1);
    enter(socket, 'first', ROOM);
    delivery.deliver(message(1));
    enter(socket, 'second', OTHER);
    expect(delivery.deliver(message(2))).toBe(0);
    expect(told()).toEqual([expect.stringMatching(/VIEWER_LEFT.*"channelId":7.*"seen":1/)]);
  });

  it('that finds the socket closed tells the owner, who takes it for a viewer', () => {
    const { answer, late, told } = setUp();
    const { socket } = fakeSocket({ id: 'ann' });
    ask(socket, 'enter');
    late.socketClosed(socket);
    expect(answer(socket, 'enter', entered(ROOM, 3))).toBe(0);
    expect(told()).toEqual([expect.stringMatching(/VIEWER_LEFT.*"seen":3/)]);
  });

  it('for a socket that this server never had says nothing to anybody', () => {
    const { answer, kafka } = setUp();
    answer(fakeSocket().socket, 'enter', entered());
    expect(kafka.records).toEqual([]);
  });
});

describe('a channel on several screens', () => {
  it('replays what a newcomer lacks for the newcomer alone', async () => {
    const { delivery, open, enter, told } = setUp();
    const [ann, bob] = [open('ann', 1), open('bob', 2)];
    enter(ann.socket, 'one');
    for (const at of [1, 2]) delivery.deliver(message(at));
    enter(bob.socket, 'two', ROOM, 1);
    expect(told()).toEqual([expect.stringMatching(/REPLAY.*"after":1/)]);
    const second = { channelId: ROOM, messageSeqId: seq(2), username: 'bob', content: 'text 2' };
    expect(delivery.deliver({ kind: 'REPLAYED', channelId: ROOM, messages: [second], last: seq(2) })).toBe(1);
    await written();
    expect(ann.frames).toEqual(['ENTER_RESPONSE', 'NOTIFY_MESSAGE', 'NOTIFY_MESSAGE']);
    expect(bob.frames).toEqual(['ENTER_RESPONSE', 'NOTIFY_MESSAGE']);
  });

  it('asks again when the answer to a replay says that there is more', () => {
    const { delivery, open, enter, told } = setUp();
    enter(open('ann', 1).socket, 'one');
    delivery.deliver(message(3));
    const first = { channelId: ROOM, messageSeqId: seq(1), username: 'bob', content: 'text 1' };
    delivery.deliver({ kind: 'REPLAYED', channelId: ROOM, messages: [first], last: seq(5) });
    expect(told()).toEqual([expect.stringMatching(/"after":0/), expect.stringMatching(/"after":1/)]);
  });

  it('gives nothing to anybody when no socket shows it any more', () => {
    const { delivery } = setUp();
    expect(delivery.deliver(message(1))).toBe(0);
    expect(delivery.deliver({ kind: 'REPLAYED', channelId: ROOM, messages: [], last: seq(1) })).toBe(0);
  });
});

describe('a socket that is in a channel', () => {
  it('is out of it with the answer to its LEAVE', () => {
    const { answer, delivery, open, enter, told } = setUp();
    const { socket } = open('ann', 1);
    enter(socket, 'enter');
    socket.shown.leaving = { request: 'leave', channelId: ROOM };
    answer(socket, 'leave', { type: 'LEAVE_RESPONSE' });
    expect(delivery.deliver(message(1))).toBe(0);
    expect(told()).toEqual([]);
  });

  it('tells the owner when its LEAVE went to a channel that it could not enter', () => {
    const { answer, open, enter, told } = setUp();
    const { socket } = open('ann', 1);
    enter(socket, 'enter');
    Object.assign(socket.shown, {
      leaving: { request: 'leave', channelId: OTHER },
      heading: undefined,
      enterRequest: undefined,
    });
    answer(socket, 'leave', { type: 'LEAVE_RESPONSE' });
    expect(socket.shown.channelId).toBeUndefined();
    expect(told()).toEqual([expect.stringMatching(/VIEWER_LEFT.*"channelId":7/)]);
  });

  it('stays when it has asked for a channel after its LEAVE', () => {
    const { answer, open, enter } = setUp();
    const { socket } = open('ann', 1);
    enter(socket, 'enter');
    socket.shown.leaving = { request: 'leave', channelId: OTHER };
    answer(socket, 'leave', { type: 'LEAVE_RESPONSE' });
    expect(socket.shown.channelId).toBe(ROOM);
  });

  it('stays when it has entered again and the answer to its LEAVE comes once more', () => {
    const { answer, delivery, open, enter } = setUp();
    const { socket } = open('ann', 1);
    enter(socket, 'enter');
    socket.shown.leaving = { request: 'leave', channelId: ROOM };
    answer(socket, 'leave', { type: 'LEAVE_RESPONSE' });
    expect(socket.shown.channelId).toBeUndefined();
    enter(socket, 'again');
    answer(socket, 'leave', { type: 'LEAVE_RESPONSE' });
    expect(socket.shown.channelId).toBe(ROOM);
    expect(delivery.deliver(message(1))).toBe(1);
  });

  it('is out of the channel that it has quit, and stays in any other', () => {
    const { answer, open, enter } = setUp();
    const { socket } = open('ann', 1);
    enter(socket, 'enter');
    answer(socket, 'quit', { type: 'QUIT_RESPONSE', channelId: OTHER });
    expect(socket.shown).toMatchObject({ channelId: ROOM, heading: ROOM });
    answer(socket, 'quit', { type: 'QUIT_RESPONSE', channelId: ROOM });
    expect([socket.shown.channelId, socket.shown.heading]).toEqual([undefined, undefined]);
  });

  it('stays in it when the ENTER of another one fails', () => {
    const { answer, open, enter } = setUp();
    const { socket } = open('ann', 1);
    enter(socket, 'enter');
    ask(socket, 'next', OTHER);
    answer(socket, 'something else', { type: 'ERROR', messageType: 'INVITE_REQUEST', message: 'no' });
    expect(socket.shown.heading).toBe(OTHER);
    answer(socket, 'next', { type: 'ERROR', messageType: 'ENTER_REQUEST', message: 'no' });
    expect(socket.shown).toMatchObject({ channelId: ROOM, heading: ROOM });
  });

  it('owes no reading for messages that it has fetched itself', () => {
    const { answer, open } = setUp();
    const { socket } = open('ann', 1);
    const messages = [{ channelId: ROOM, messageSeqId: seq(1), username: 'bob', content: 'hi' }];
    answer(socket, 'fetch', { type: 'FETCH_MESSAGES_RESPONSE', channelId: ROOM, messages });
    expect(socket.unread).toBe(1);
  });

  it('does not get what was looked up for it when it waits no more: it may have quit since then', async () => {
    const { answer, open, givenUp } = setUp();
    const { socket, frames } = open('ann', 1);
    givenUp.add('late');
    const messages = [{ channelId: ROOM, messageSeqId: seq(1), username: 'bob', content: 'hi' }];
    expect(answer(socket, 'late', { type: 'FETCH_MESSAGES_RESPONSE', channelId: ROOM, messages })).toBe(0);
    expect(answer(socket, 'late', { type: 'FETCH_CHANNELS_RESPONSE', channels: [] })).toBe(0);
    expect(answer(socket, 'late', { type: 'LEAVE_RESPONSE' })).toBe(1);
    await written();
    expect([frames, socket.unread]).toEqual([['LEAVE_RESPONSE'], 0]);
  });

  it('leaves it on every device when the user is no member any more, and other channels stay', () => {
    const { delivery, open, enter } = setUp();
    const [phone, desk, quitting] = [open('phone', 1), open('desk', 1), open('other', 1)];
    enter(phone.socket, 'one');
    enter(desk.socket, 'two', OTHER);
    enter(quitting.socket, 'three');
    ask(quitting.socket, 'four', OTHER);
    delivery.deliver({ kind: 'MEMBER_GONE', channelId: ROOM, userId: userId(1) });
    expect([phone, desk, quitting].map(({ socket }) => [socket.shown.channelId, socket.shown.heading])).toEqual([
      [undefined, undefined],
      [OTHER, OTHER],
      [undefined, OTHER],
    ]);
  });
});

describe('a notice', () => {
  const notice = (over: Partial<Extract<NotificationEntry, { kind: 'NOTICE' }>> = {}): NotificationEntry => ({
    kind: 'NOTICE',
    userIds: [userId(1), userId(2), userId(3)],
    request: 'r',
    frame: { type: 'NOTIFY_MEMBER_QUIT', channelId: ROOM, username: 'bob' },
    ...over,
  });

  it('goes to every socket of its users that has asked for notices, in whatever channel, and to no other', async () => {
    const { delivery, kafka, open } = setUp();
    const [phone, desk, bob] = [open('phone', 1, true), open('desk', 1, true), open('bob', 2, true)];
    const [old, stranger] = [open('old', 1), open('eve', 4, true)];
    expect(delivery.deliver(notice())).toBe(3);
    await written();
    for (const { frames } of [phone, desk, bob]) expect(frames).toEqual(['NOTIFY_MEMBER_QUIT']);
    for (const { frames } of [old, stranger]) expect(frames).toEqual([]);
    expect(kafka.records).toEqual([]);
  });

  it('leaves out the socket that has its answer instead', async () => {
    const { delivery, open } = setUp();
    const [phone, desk] = [open('phone', 1, true), open('desk', 1, true)];
    expect(delivery.deliver(notice({ except: 'phone' }))).toBe(1);
    await written();
    expect([phone.frames, desk.frames]).toEqual([[], ['NOTIFY_MEMBER_QUIT']]);
  });

  it('is told once, however often it comes; another one of the same request is told as well', () => {
    const { delivery, open } = setUp();
    open('ann', 1, true);
    const other: NoticeFrame = { type: 'NOTIFY_DISCONNECT', username: 'bob' };
    const entries = [notice(), notice({ frame: other }), notice({ request: 'r2' })];
    expect([...entries, ...entries].map((entry) => delivery.deliver(entry))).toEqual([1, 1, 1, 0, 0, 0]);
  });
});

describe('news that find nobody', () => {
  const invited: ServerFrame = { type: 'ASK_INVITE', username: 'bob' };

  it('of a user become a push', () => {
    const { delivery, kafka } = setUp();
    expect(delivery.deliver({ kind: 'TO_USER', userId: userId(1), request: 'r', frame: invited })).toBe(0);
    expect(kafka.records).toEqual([expect.stringContaining('"userIds":[1]')]);
  });

  it('are given up when they are worth no push, or the push cannot be stored', async () => {
    const { answer, kafka } = setUp();
    const { socket } = fakeSocket();
    answer(socket, 'r', { type: 'LEAVE_RESPONSE' });
    expect(kafka.records).toEqual([]);
    kafka.failure = new Error('Kafka is away');
    answer(socket, 'r', invited);
    await written();
    expect(kafka.records).toHaveLength(1);
  });

  it('reach every device of a user who is here', async () => {
    const { delivery, open } = setUp();
    const [phone, desk] = [open('phone', 1), open('desk', 1)];
    expect(delivery.deliver({ kind: 'TO_USER', userId: userId(1), request: 'r', frame: invited })).toBe(2);
    await written();
    expect([phone.frames, desk.frames]).toEqual([['ASK_INVITE'], ['ASK_INVITE']]);
  });

  it('do not end the server when Kafka does not take a note to a channel', async () => {
    const { delivery, kafka, open, enter, told } = setUp();
    kafka.failure = new Error('Kafka is away');
    enter(open('ann', 1).socket, 'one');
    delivery.deliver(message(2));
    await written();
    expect(told()).toHaveLength(1);
  });
});
