import { channelId, type ClientFrame, type ServerFrame, seq } from '@parley/protocol';
import { settled } from '../test/manual-clock.js';
import { connected, ScriptedServer } from '../test/scripted-server.js';
import { Endpoints } from './endpoints.js';
import { RequestError } from './errors.js';

const CHANNEL = channelId(2);
const notify = (at: number, username = 'bob', id = CHANNEL): ServerFrame => ({
  type: 'NOTIFY_MESSAGE',
  channelId: id,
  messageSeqId: seq(at),
  username,
  content: `text ${at}`,
});
const entered = (lastRead: number, last: number, id = CHANNEL): ServerFrame => ({
  type: 'ENTER_RESPONSE',
  channelId: id,
  title: 'room',
  lastReadMessageSeqId: seq(lastRead),
  lastChannelMessageSeqId: seq(last),
});
const stored = (from: number, to: number): ServerFrame => ({
  type: 'FETCH_MESSAGES_RESPONSE',
  channelId: CHANNEL,
  messages: Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => ({
    channelId: CHANNEL,
    messageSeqId: seq(from + at),
    username: 'bob',
    content: `text ${from + at}`,
  })),
});
const error = (messageType: string, message: string): ServerFrame => ({ type: 'ERROR', messageType, message });

/** A server with a channel of `last` messages, of which `lastRead` were read. */
function channelServer(lastRead: number, last: number): { server: ScriptedServer; grow: (to: number) => void } {
  const server = new ScriptedServer();
  let end = last;
  server.answer = (frame: ClientFrame) => {
    if (frame.type === 'ENTER_REQUEST') return [entered(lastRead, end)];
    if (frame.type === 'FETCH_MESSAGES_REQUEST') {
      const to = Math.min(frame.endMessageSeqId, end);
      return [stored(Math.max(frame.startMessageSeqId, to - 99), to)];
    }
    if (frame.type === 'LEAVE_REQUEST') return [{ type: 'LEAVE_RESPONSE' }];
    return [];
  };
  return { server, grow: (to) => (end = to) };
}

describe('entering a channel', () => {
  it('tells of the channel first, then shows the unread messages, then resolves', async () => {
    const { client, screen } = await connected(channelServer(1, 3).server);
    client.on('entered', ({ title, from }) => screen.push(`entered ${title} from ${from}`));
    await client.enter(CHANNEL);
    expect(screen).toEqual(['entered room from 2', '2 bob text 2', '3 bob text 3']);
  });

  it('asks for nothing when everything was read', async () => {
    const { client, server } = await connected(channelServer(3, 3).server);
    expect(await client.enter(CHANNEL)).toEqual({ channelId: 2, title: 'room', lastRead: 3, last: 3, from: 4 });
    expect(server.of('FETCH_MESSAGES_REQUEST')).toEqual([]);
  });

  it('reports the last message shown as read, once', async () => {
    const { client, clock, server } = await connected(channelServer(1, 3).server);
    await client.enter(CHANNEL);
    await clock.pass(1000);
    expect(server.of('READ_MESSAGE_ACK')).toEqual([{ type: 'READ_MESSAGE_ACK', channelId: 2, messageSeqId: 3 }]);
  });

  it('ignores messages of other channels and of the lobby', async () => {
    const { client, server, screen } = await connected(channelServer(0, 0).server);
    server.send(notify(1));
    await client.enter(CHANNEL);
    server.send(notify(1, 'bob', channelId(9)));
    await client.leave();
    server.send(notify(1));
    expect(screen).toEqual([]);
  });

  it('stays in the old channel when the new one is refused', async () => {
    const { server } = channelServer(0, 0);
    const { client, screen } = await connected(server);
    await client.enter(CHANNEL);
    server.answer = () => [error('ENTER_REQUEST', 'Not joined.')];
    await expect(client.enter(channelId(9))).rejects.toThrow('Not joined.');
    server.send(notify(1));
    expect(client.channelId).toBe(2);
    expect(screen).toEqual(['1 bob text 1']);
  });
});

describe('a missing message', () => {
  it('is waited for 100 ms, then fetched exactly', async () => {
    const { client, clock, server, screen } = await connected(channelServer(0, 0).server);
    await client.enter(CHANNEL);
    server.send(notify(3));
    await clock.pass(99);
    expect(server.of('FETCH_MESSAGES_REQUEST')).toEqual([]);
    server.answer = () => [stored(1, 2)];
    await clock.pass(1);
    expect(server.of('FETCH_MESSAGES_REQUEST')).toMatchObject([{ startMessageSeqId: 1, endMessageSeqId: 2 }]);
    expect(screen).toEqual(['1 bob text 1', '2 bob text 2', '3 bob text 3']);
  });

  it('that was only late is not fetched', async () => {
    const { client, clock, server, screen } = await connected(channelServer(0, 0).server);
    await client.enter(CHANNEL);
    server.send(notify(2), notify(1));
    await clock.pass(500);
    expect(server.of('FETCH_MESSAGES_REQUEST')).toEqual([]);
    expect(screen).toEqual(['1 bob text 1', '2 bob text 2']);
  });

  it('is asked for again when the answer does not have it', async () => {
    const { client, clock, server, screen } = await connected(channelServer(0, 0).server);
    await client.enter(CHANNEL);
    server.answer = () => [stored(1, 0)];
    server.send(notify(2));
    await clock.pass(100);
    expect(screen).toEqual([]);
    server.answer = () => [stored(1, 1)];
    await clock.pass(2000);
    expect(screen).toEqual(['1 bob text 1', '2 bob text 2']);
  });

  it('that no frame announced is found by the next comparison', async () => {
    const { server, grow } = channelServer(0, 0);
    const { client, clock, screen } = await connected(server);
    await client.enter(CHANNEL);
    grow(2);
    await clock.pass(60_000);
    expect(server.of('KEEP_ALIVE')).toHaveLength(1);
    expect(screen).toEqual(['1 bob text 1', '2 bob text 2']);
  });
});

describe('requests', () => {
  it('get the answers of their own type, one at a time and in order', async () => {
    const { client, server } = await connected();
    const [first, second, mine] = [
      client.channelInviteCode(CHANNEL),
      client.channelInviteCode(CHANNEL),
      client.inviteCode(),
    ];
    expect(server.received.map(({ type }) => type)).toEqual([
      'FETCH_CHANNEL_INVITECODE_REQUEST',
      'FETCH_USER_INVITECODE_REQUEST',
    ]);
    server.send({ type: 'FETCH_USER_INVITECODE_RESPONSE', inviteCode: 'me' });
    server.send({ type: 'FETCH_CHANNEL_INVITECODE_RESPONSE', channelId: CHANNEL, inviteCode: 'one' });
    server.send({ type: 'FETCH_CHANNEL_INVITECODE_RESPONSE', channelId: CHANNEL, inviteCode: 'two' });
    expect(await Promise.all([first, second, mine])).toEqual(['one', 'two', 'me']);
  });

  it('are refused by an ERROR of their type', async () => {
    const { client, server } = await connected();
    const refused = client.accept('zed');
    server.send(error('ACCEPT_REQUEST', 'Invalid username.'));
    await expect(refused).rejects.toEqual(new RequestError('ACCEPT_REQUEST', 'refused', 'Invalid username.'));
  });

  it.each(['NOTIFY_JOIN', 'JOIN_RESPONSE'] as const)('to join are answered with %s', async (type) => {
    const { client, server } = await connected();
    const joined = client.join('code');
    server.send({ type, channelId: CHANNEL, title: 'room' });
    expect(await joined).toMatchObject({ channelId: 2, title: 'room' });
  });

  it('do not take an answer about another channel', async () => {
    const { client, server } = await connected();
    const mine = client.quit(channelId(3));
    server.send({ type: 'QUIT_RESPONSE', channelId: CHANNEL });
    server.send({ type: 'QUIT_RESPONSE', channelId: channelId(3) });
    await expect(mine).resolves.toBeUndefined();
  });

  it('fail when no answer comes', async () => {
    const { client, clock } = await connected();
    const failed = expect(client.channels()).rejects.toThrow('No answer within 15 s.');
    await clock.pass(15_000);
    await failed;
  });

  it('that were under way fail with the socket, those that were not wait for the next one', async () => {
    const server = new ScriptedServer();
    const { client, clock } = await connected(server);
    const [lost, waiting] = [client.channels(), client.channels()];
    const failed = expect(lost).rejects.toMatchObject({ failure: 'disconnected' });
    server.cut();
    await failed;
    server.answer = () => [{ type: 'FETCH_CHANNELS_RESPONSE', channels: [] }];
    await clock.pass(1000);
    expect(await waiting).toEqual([]);
  });

  it('that the server would close the socket over are refused here', async () => {
    const { client, server } = await connected();
    await expect(client.create('x', Array<string>(900).fill('somebody'))).rejects.toMatchObject({ failure: 'refused' });
    await expect(client.send(CHANNEL, 'x'.repeat(1001))).rejects.toMatchObject({ failure: 'refused' });
    await expect(client.send(CHANNEL, '')).rejects.toMatchObject({ failure: 'refused' });
    expect(server.received).toEqual([]);
  });
});

describe('news', () => {
  it('arrives as events', async () => {
    const { client, server } = await connected();
    const news: unknown[] = [];
    client.on('invited', (event) => news.push(event));
    client.on('accepted', (event) => news.push(event));
    client.on('joined', (event) => news.push(event.title));
    client.on('serverError', (event) => news.push(event));
    client.on('unreadable', (event) => news.push(event));
    server.send({ type: 'ASK_INVITE', username: 'bob' }, { type: 'NOTIFY_ACCEPT', username: 'cat' });
    server.send(
      { type: 'NOTIFY_JOIN', channelId: CHANNEL, title: 'room' },
      error('UNKNOWN', 'Unknown type.'),
      '{"type":"NEW"}',
    );
    expect(news).toEqual([
      { username: 'bob' },
      { username: 'cat' },
      'room',
      { messageType: 'UNKNOWN', message: 'Unknown type.' },
      { text: '{"type":"NEW"}' },
    ]);
  });
});

describe('a lost connection', () => {
  it('is replaced, and the channel goes on after the last message shown, in pages of 100', async () => {
    const { server, grow } = channelServer(0, 0);
    const { client, clock, screen } = await connected(server);
    await client.enter(CHANNEL);
    server.send(notify(1));
    server.cut();
    grow(251);
    await clock.pass(1000);
    expect(screen).toEqual(Array.from({ length: 251 }, (_, at) => `${at + 1} bob text ${at + 1}`));
    expect(
      server.of('FETCH_MESSAGES_REQUEST').map((frame) => [frame.startMessageSeqId, frame.endMessageSeqId]),
    ).toEqual([
      [2, 101],
      [102, 201],
      [202, 251],
    ]);
  });

  it('does not lose a message that was under way: the identical frame goes out on the new socket', async () => {
    const { server } = channelServer(0, 0);
    const { client, clock } = await connected(server);
    const sent = client.send(CHANNEL, 'hi');
    server.cut();
    await clock.pass(1000);
    const [first, again] = server.of('WRITE_MESSAGE');
    expect(again).toEqual(first);
    if (first?.serial) server.send({ type: 'WRITE_MESSAGE_ACK', serial: first.serial, messageSeqId: seq(1) });
    expect((await sent).seq).toBe(1);
  });

  it('ends with the session', async () => {
    const { client, clock, server } = await connected();
    const states: string[] = [];
    client.on('state', (state) => states.push(state.state));
    const failed = expect(client.send(CHANNEL, 'hi')).rejects.toMatchObject({ failure: 'closed' });
    server.cut(4100, 'Session ended');
    await failed;
    await clock.pass(60_000);
    expect(states).toEqual(['lost', 'ended']);
    expect(server.dialled).toHaveLength(1);
  });

  it('ends when the new socket is refused', async () => {
    const { client, clock, server } = await connected();
    const ends: string[] = [];
    client.on('state', (state) => state.state === 'ended' && ends.push(state.why));
    server.onDial = () => 'unauthorized';
    server.cut();
    await clock.pass(60_000);
    expect(ends).toEqual(['session-ended']);
  });

  it.each([
    [1001, 250],
    [4000, 250],
    [1006, 250],
    [4200, 4000],
  ])('with code %i is replaced after %i ms', async (code, delayMs) => {
    const { clock, server } = await connected();
    server.cut(code);
    await clock.pass(delayMs - 1);
    expect(server.dialled).toHaveLength(1);
    await clock.pass(1);
    expect(server.dialled).toHaveLength(2);
  });

  it('is tried less and less often, and at once when woken', async () => {
    const { client, clock, server } = await connected();
    const delays: number[] = [];
    client.on('state', (state) => state.state === 'waiting' && delays.push(state.delayMs));
    server.onDial = () => 'unreachable';
    server.cut();
    await clock.pass(120_000);
    expect(delays.slice(0, 8)).toEqual([250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
    server.onDial = () => 'open';
    client.wake();
    await settled();
    expect(server.connected).toBe(true);
  });

  it('is noticed when the server has been silent for a minute and does not answer', async () => {
    const { clock, server } = await connected();
    await clock.pass(60_000 + 15_000 + 1000);
    expect(server.dialled).toHaveLength(2);
  });

  it('tells when the channel is no longer open to the user', async () => {
    const { server } = channelServer(0, 0);
    const { client, clock } = await connected(server);
    const removed: unknown[] = [];
    client.on('removed', (event) => removed.push(event));
    await client.enter(CHANNEL);
    server.answer = () => [error('ENTER_REQUEST', 'Not joined.')];
    server.cut();
    await clock.pass(1000);
    expect(removed).toEqual([{ channelId: 2, reason: 'Not joined.' }]);
    expect(client.channelId).toBeUndefined();
  });

  it('counts a dial without an answer as a failure', async () => {
    const server = new ScriptedServer();
    server.onDial = (url) => (url.startsWith('ws://one') ? 'silent' : 'open');
    const connecting = connected(server, {
      endpoints: new Endpoints(() => Promise.resolve(['http://two', 'http://one'])),
    });
    const { clock } = await connecting;
    server.onDial = () => 'silent';
    server.cut();
    await clock.pass(250 + 5000);
    expect(server.dialled.map((url) => url.slice(0, 8))).toEqual(['ws://two', 'ws://two', 'ws://one']);
  });
});

describe('paging back', () => {
  it('fetches the messages before a sequence, in pages of 100', async () => {
    const { server } = channelServer(300, 300);
    const { client } = await connected(server);
    const messages = await client.history(CHANNEL, seq(251), 150);
    expect(messages.map(({ seq: at }) => at)).toEqual(Array.from({ length: 150 }, (_, at) => at + 101));
    expect(await client.history(CHANNEL, seq(1), 10)).toEqual([]);
    expect(await client.history(CHANNEL, seq(3), 10)).toHaveLength(2);
  });
});
