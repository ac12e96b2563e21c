import { CHANNEL, channelServer, entered, error, failureOf, notify } from '../test/channel-server.js';
import { ManualClock, settled } from '../test/manual-clock.js';
import { connected, ScriptedServer } from '../test/scripted-server.js';
import { ActiveChannel } from './active-channel.js';
import { channelId, seq } from '@parley/protocol';
import { ChannelView, type ChannelViewOptions } from './channel-view.js';
import { ChatClient } from './chat-client.js';
import { Emitter } from './emitter.js';
import { Endpoints } from './endpoints.js';
import { Unreachable } from './errors.js';
import { Link, type LinkState } from './link.js';
import { Requests } from './requests.js';
import type { SocketHandlers } from './socket.js';

/** A link whose sockets stay in the hands of the test. */
function linked() {
  const clock = new ManualClock();
  const states: string[] = [];
  const texts: string[] = [];
  const closed: (number | undefined)[] = [];
  const sockets: SocketHandlers[] = [];
  const link = new Link({
    session: { username: 'ann' },
    endpoints: new Endpoints(() => Promise.resolve(['http://one'])),
    openSocket: (_url, _session, handlers) => {
      sockets.push(handlers);
      return { send: () => undefined, close: (code) => void closed.push(code) };
    },
    clock,
    random: () => 0.5,
    onState: ({ state }: LinkState) => states.push(state),
    onText: (text) => texts.push(text),
  });
  return { link, clock, states, texts, closed, sockets };
}

describe('a link', () => {
  it('sends nothing, drops nothing and wakes nothing before it is open', async () => {
    const { link, states } = linked();
    expect(link.send('hi')).toBe(false);
    link.drop('no reason');
    link.wake();
    expect(states).toEqual([]);
  });

  it('does not open any more when it was closed meanwhile, and closes the socket that comes too late', async () => {
    const { link, states, closed, sockets } = linked();
    const opening = link.connect();
    opening.catch(() => undefined);
    await settled();
    link.close();
    sockets[0]?.opened();
    await expect(opening).rejects.toThrow('Closed.');
    expect([states, closed]).toEqual([
      ['connecting', 'ended'],
      [1000, undefined],
    ]);
    await expect(link.connect()).rejects.toThrow('Closed.');
  });

  it('hears nothing from a socket that it has given up', async () => {
    const { link, clock, states, texts, sockets } = linked();
    const opening = link.connect();
    await settled();
    sockets[0]?.opened();
    await opening;
    link.drop('No sign of life');
    const before = [...states];
    await clock.pass(100);
    sockets[0]?.text('late');
    sockets[0]?.alive();
    sockets[0]?.closed(1006, '');
    expect([texts, states]).toEqual([[], before]);
    expect(link.lastHeard).toBeLessThan(clock.now());
  });

  it('takes a ping for a sign of life', async () => {
    const { link, clock, sockets } = linked();
    const opening = link.connect();
    await settled();
    sockets[0]?.opened();
    await opening;
    await clock.pass(500);
    sockets[0]?.alive();
    expect(link.lastHeard).toBe(clock.now());
  });

  it('gives up a server that does not answer, and its socket', async () => {
    const { link, clock, closed } = linked();
    const opening = link.connect();
    opening.catch(() => undefined);
    await clock.pass(5_000);
    await expect(opening).rejects.toBeInstanceOf(Unreachable);
    expect(closed).toEqual([undefined]);
    expect(link.send('hi')).toBe(false);
  });

  it('stops looking for a server when it is closed in between', async () => {
    const { link, clock, states, sockets } = linked();
    const opening = link.connect();
    await settled();
    sockets[0]?.opened();
    await opening;
    sockets[0]?.closed(1006, '');
    await clock.pass(300);
    link.close();
    sockets[1]?.failed('unreachable');
    await clock.pass(60_000);
    expect(states).toEqual(['connecting', 'open', 'lost', 'waiting', 'connecting', 'ended']);
    link.close();
    expect(states.filter((state) => state === 'ended')).toHaveLength(1);
  });
});

describe('a client', () => {
  it('that was never connected says so, and can be closed', async () => {
    const client = new ChatClient({
      endpoints: new Endpoints(() => Promise.resolve([])),
      openSocket: new ScriptedServer().openSocket,
    });
    expect(client.markRead(CHANNEL, seq(1))).toBe(false);
    expect(client.raw('anything')).toBe(false);
    client.wake();
    client.close();
    expect([client.session, client.channelId, client.unsent]).toEqual([undefined, undefined, 0]);
  });

  it('tells of an error that answers nothing, and of text that it cannot read', async () => {
    const { client, server } = await connected();
    const news: unknown[] = [];
    client.on('serverError', (event) => news.push(event));
    client.on('unreadable', (event) => news.push(event));
    server.send(error('WRITE_MESSAGE', 'no'), error('UNKNOWN', 'no'), 'not a frame');
    expect(news).toEqual([
      { messageType: 'WRITE_MESSAGE', message: 'no' },
      { messageType: 'UNKNOWN', message: 'no' },
      { text: 'not a frame' },
    ]);
  });

  it('ignores acknowledgements of messages that it did not write', async () => {
    const { client, server, screen } = await connected(channelServer(0, 0).server);
    await client.enter(CHANNEL);
    server.send({ type: 'WRITE_MESSAGE_ACK', serial: null, messageSeqId: seq(1) });
    expect(screen).toEqual([]);
  });

  it('leaves read positions to its caller when told so', async () => {
    const { client, clock, server } = await connected(channelServer(0, 1).server, { autoRead: false });
    await client.enter(CHANNEL);
    await clock.pass(1_000);
    expect(server.of('READ_MESSAGE_ACK')).toEqual([]);
    expect(client.markRead(CHANNEL, seq(1))).toBe(true);
  });

  it('gives up a socket that is open on this side only', async () => {
    const { clock, server, client } = await connected();
    const states: string[] = [];
    client.on('state', ({ state }) => states.push(state));
    server.answer = () => [];
    await clock.pass(200_000);
    expect(states.slice(0, 2)).toEqual(['lost', 'waiting']);
    expect(server.dialled.length).toBeGreaterThan(1);
  });

  it('is taken out of a channel that it may not enter again on a new socket', async () => {
    const { server } = channelServer(0, 0);
    const { client, clock } = await connected(server);
    const removed: unknown[] = [];
    client.on('removed', (event) => removed.push(event));
    await client.enter(CHANNEL);
    server.answer = () => [error('ENTER_REQUEST', 'Not joined.')];
    server.cut();
    await clock.pass(1_000);
    expect(removed).toEqual([{ channelId: CHANNEL, reason: 'Not joined.' }]);
    expect(client.channelId).toBeUndefined();
  });

  it('gives up a socket on which entering its channel again is not answered', async () => {
    const { server } = channelServer(0, 0);
    const { client, clock } = await connected(server);
    await client.enter(CHANNEL);
    server.answer = () => [];
    server.cut();
    await clock.pass(30_000);
    expect(server.dialled.length).toBeGreaterThan(2);
    expect(client.channelId).toBe(CHANNEL);
  });

  it('asks again when the socket is lost while it enters a channel', async () => {
    const server = new ScriptedServer();
    const { client, clock } = await connected(server);
    const entering = client.enter(CHANNEL);
    server.cut();
    server.answer = (frame) => (frame.type === 'ENTER_REQUEST' ? [entered(0, 0)] : []);
    await clock.pass(1_000);
    expect(await entering).toMatchObject({ channelId: CHANNEL, last: 0 });
  });

  it('continues the screen when it enters the same channel again', async () => {
    const { server } = channelServer(0, 0);
    const { client, screen } = await connected(server);
    await client.enter(CHANNEL);
    server.send(notify(1));
    server.answer = (frame) => (frame.type === 'ENTER_REQUEST' ? [entered(0, 1)] : []);
    await client.enter(CHANNEL);
    server.send(notify(2));
    expect(screen).toEqual(['1 bob text 1', '2 bob text 2']);
  });

  it('has one screen when it enters a channel that it is already entering', async () => {
    const server = new ScriptedServer();
    const { client, clock } = await connected(server);
    const begins: number[] = [];
    client.on('entered', ({ from }) => begins.push(from));
    void client.enter(CHANNEL);
    void client.enter(CHANNEL);
    for (const last of [36, 37]) {
      server.send(entered(0, last));
      await clock.pass(0);
    }
    expect(begins).toEqual([27, 27]);
  });

  it('leaves the channel that it quits, and no other', async () => {
    const { server } = channelServer(0, 0);
    const { client } = await connected(server);
    await client.enter(CHANNEL);
    server.answer = (frame) =>
      frame.type === 'QUIT_REQUEST' ? [{ type: 'QUIT_RESPONSE', channelId: frame.channelId }] : [];
    await client.quit(channelId(9));
    expect(client.channelId).toBe(CHANNEL);
    await client.quit(CHANNEL);
    expect(client.channelId).toBeUndefined();
  });
});

describe('a screen', () => {
  const view = (more: Partial<ChannelViewOptions> = {}) => {
    const clock = new ManualClock();
    const asked: number[] = [];
    const options: ChannelViewOptions = {
      channelId: CHANNEL,
      clock,
      random: () => 0.5,
      fetch: (from) => {
        asked.push(from);
        return Promise.resolve([]);
      },
      show: () => undefined,
      markRead: undefined,
      ...more,
    };
    return { view: new ChannelView(options), clock, asked };
  };

  it('compares nothing while there is no connection', async () => {
    const { view: screen, asked } = view();
    await screen.check();
    screen.opened(seq(0), seq(0));
    await screen.check();
    screen.suspend();
    await screen.check();
    expect(asked).toEqual([1]);
  });

  it('compares page after page until one is not full', async () => {
    const message = (at: number) => ({ channelId: CHANNEL, seq: seq(at), username: 'bob', content: 'x', mine: false });
    const pages: number[] = [];
    const { view: screen } = view({
      fetch: (from, to) => {
        pages.push(from);
        const end = Math.min(to, 130);
        return Promise.resolve(Array.from({ length: end - from + 1 }, (_, at) => message(from + at)));
      },
    });
    screen.opened(seq(0), seq(0));
    await screen.check();
    expect([pages, screen.shown]).toEqual([[1, 101], 130]);
  });

  it('reports what was read again when it could not be sent', async () => {
    const reports: number[] = [];
    const outcomes = [false, true];
    const { view: screen, clock } = view({
      markRead: (upTo) => {
        reports.push(upTo);
        return outcomes.shift() ?? true;
      },
    });
    screen.opened(seq(2), seq(2));
    screen.flushRead();
    screen.flushRead();
    screen.flushRead();
    await clock.pass(1_000);
    expect(reports).toEqual([2, 2]);
  });
});

describe('an answer to a request', () => {
  it('that asks to enter a channel is too late when the channel was closed', async () => {
    const clock = new ManualClock();
    const sent: unknown[] = [];
    const requests = new Requests({
      clock,
      timeoutMs: 1_000,
      onUnanswered: () => undefined,
      transmit: (frame) => sent.push(frame) > 0,
    });
    const removed: unknown[] = [];
    const active = new ActiveChannel({
      clock,
      random: () => 0.5,
      requests,
      enterTimeoutMs: 1_000,
      view: (id) => ({
        channelId: id,
        clock,
        random: () => 0.5,
        fetch: () => Promise.resolve([]),
        show: () => undefined,
        markRead: undefined,
      }),
      onEntered: () => undefined,
      onRemoved: (event) => removed.push(event),
      onSilence: () => removed.push('silence'),
    });
    requests.online();
    const entering = active.enter(CHANNEL);
    requests.take(entered(0, 0));
    await entering;
    for (const answer of [entered(0, 0), error('ENTER_REQUEST', 'no')]) {
      active.resume();
      active.close();
      requests.take(answer);
      await settled();
    }
    active.resume();
    expect([active.channelId, removed]).toEqual([undefined, []]);
  });

  it('of another kind is nobody’s', async () => {
    const clock = new ManualClock();
    const requests = new Requests({ clock, timeoutMs: 1_000, onUnanswered: () => undefined, transmit: () => true });
    requests.online();
    const asked = failureOf(requests.ask({ type: 'LEAVE_REQUEST' }));
    expect(requests.take(error('QUIT_REQUEST', 'no'))).toBe(false);
    expect(requests.take({ type: 'QUIT_RESPONSE', channelId: CHANNEL })).toBe(false);
    expect(requests.take({ type: 'LEAVE_RESPONSE' })).toBe(true);
    expect(await asked).toBe('answered');
  });
});

describe('a listener', () => {
  class Bell extends Emitter<{ rung: string }> {
    ring(name: string): void {
      this.emit('rung', name);
    }
  }

  it('hears nothing any more after it was removed', () => {
    const bell = new Bell();
    const heard: string[] = [];
    bell.ring('before');
    const remove = bell.on('rung', (name) => heard.push(name));
    bell.ring('first');
    remove();
    bell.ring('second');
    expect(heard).toEqual(['first']);
  });
});
