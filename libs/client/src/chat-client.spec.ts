import { channelId, seq } from '@parley/protocol';
import { CHANNEL, channelServer, entered, error, failureOf, notify, stored } from '../test/channel-server.js';
import { connected } from '../test/scripted-server.js';

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

describe('leaving a channel', () => {
  it('is done when the socket that was asked is lost', async () => {
    const { server } = channelServer(0, 0);
    const { client, clock } = await connected(server);
    await client.enter(CHANNEL);
    server.answer = () => [];
    const leaving = failureOf(client.leave());
    server.cut();
    await clock.pass(1_000);
    expect([await leaving, client.channelId]).toEqual(['answered', undefined]);
    expect(server.of('ENTER_REQUEST')).toHaveLength(1);
  });
});

describe('leaving a channel while there is no connection', () => {
  /** Connected again, after so long; what the server has heard of since. */
  async function leftFor(offlineMs: number) {
    const { server } = channelServer(0, 0);
    const { client, clock } = await connected(server);
    await client.enter(CHANNEL);
    server.onDial = () => 'unreachable';
    server.cut();
    const before = server.received.length;
    const leaving = failureOf(client.leave());
    await clock.pass(offlineMs);
    server.onDial = () => 'open';
    await clock.pass(30_000);
    return { client, outcome: await leaving, heard: server.received.slice(before).map(({ type }) => type) };
  }

  it('is told on the next socket, which does not enter it again', async () => {
    const { client, outcome, heard } = await leftFor(5_000);
    expect([outcome, client.channelId]).toEqual(['answered', undefined]);
    expect(heard).toEqual(['LEAVE_REQUEST']);
  });

  it('fails in the end, and the next socket enters it again', async () => {
    const { client, outcome, heard } = await leftFor(15_000);
    expect([outcome, client.channelId]).toEqual(['unsent', CHANNEL]);
    expect(heard).toContain('ENTER_REQUEST');
    expect(heard).not.toContain('LEAVE_REQUEST');
  });
});

describe('a channel that was left for another one', () => {
  it('shows nothing any more, not even what it had asked for before', async () => {
    const { server } = channelServer(0, 0);
    const { client, clock, screen } = await connected(server);
    await client.enter(CHANNEL);
    server.answer = (frame) => (frame.type === 'ENTER_REQUEST' ? [entered(0, 0, frame.channelId)] : []);
    server.send(notify(2));
    await clock.pass(100);
    expect(server.of('FETCH_MESSAGES_REQUEST')).toHaveLength(1);
    await client.enter(channelId(9));
    server.send(stored(1, 1));
    await clock.pass(0);
    expect(screen).toEqual([]);
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

describe('notices', () => {
  it('are asked for with every socket', async () => {
    const { clock, server } = await connected();
    server.cut();
    await clock.pass(1000);
    expect(server.dialled).toEqual(Array(2).fill('ws://one/ws/v1/message?notices=1'));
  });

  it('become events', async () => {
    const { client, server } = await connected();
    const events: unknown[] = [];
    for (const name of ['rejected', 'contactEnded', 'memberJoined', 'memberQuit', 'removed'] as const) {
      client.on(name, (event) => events.push([name, event]));
    }
    server.send(
      { type: 'NOTIFY_REJECT', username: 'bob' },
      { type: 'NOTIFY_DISCONNECT', username: 'cat' },
      { type: 'NOTIFY_MEMBER_JOIN', channelId: CHANNEL, username: 'dan' },
      { type: 'NOTIFY_MEMBER_QUIT', channelId: CHANNEL, username: 'dan' },
    );
    expect(events).toEqual([
      ['rejected', { username: 'bob' }],
      ['contactEnded', { username: 'cat' }],
      ['memberJoined', { channelId: CHANNEL, username: 'dan' }],
      ['memberQuit', { channelId: CHANNEL, username: 'dan' }],
    ]);
  });

  it('of a quit on another device close that channel, and no other', async () => {
    const { client, server, screen } = await connected(channelServer(0, 0).server);
    const removed: unknown[] = [];
    client.on('removed', (event) => removed.push(event));
    await client.enter(CHANNEL);
    server.send({ type: 'NOTIFY_MEMBER_QUIT', channelId: channelId(9), username: 'ann' });
    server.send({ type: 'NOTIFY_MEMBER_QUIT', channelId: CHANNEL, username: 'bob' });
    expect([client.channelId, removed]).toEqual([CHANNEL, []]);
    server.send({ type: 'NOTIFY_MEMBER_QUIT', channelId: CHANNEL, username: 'ANN' }, notify(1));
    expect([client.channelId, screen]).toEqual([undefined, []]);
    expect(removed).toEqual([{ channelId: CHANNEL, reason: 'Quit on another device.' }]);
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
