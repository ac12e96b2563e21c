import { seq } from '@parley/protocol';
import { CHANNEL, channelServer, error, failureOf, notify } from '../test/channel-server.js';
import { connected, prepared, ScriptedServer } from '../test/scripted-server.js';
import { Endpoints, fixedServer } from './endpoints.js';

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

  it('of a page is replaced for the same user alone, as the browser chooses the cookie', async () => {
    const { client, clock, server } = await connected();
    await client.connect({ username: 'rené' });
    server.cut();
    await clock.pass(1000);
    expect(server.dialled.slice(1).map((url) => new URL(url).searchParams.get('user'))).toEqual(['rené', 'rené']);
  });

  it('ends with the session', async () => {
    const { client, clock, server } = await connected();
    const states: string[] = [];
    client.on('state', (state) => states.push(state.state));
    const failure = failureOf(client.send(CHANNEL, 'hi'));
    server.cut(4100, 'Session ended');
    expect(await failure).toBe('closed');
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
    await clock.pass(0);
    expect(server.connected).toBe(true);
  });

  it('is tried again 2 s after the last time, however often it is woken', async () => {
    const server = new ScriptedServer();
    const { client, clock } = await connected(server, { endpoints: new Endpoints(fixedServer('http://one')) });
    server.onDial = () => 'unreachable';
    server.cut();
    await clock.pass(40_000);
    client.wake();
    await clock.pass(0);
    const before = server.dialled.length;
    for (let presses = 0; presses < 100; presses += 1) {
      await clock.pass(19);
      client.wake();
    }
    expect(server.dialled).toHaveLength(before);
    await clock.pass(100);
    expect(server.dialled).toHaveLength(before + 1);
  });

  it('waits no longer for being woken', async () => {
    const { client, clock, server } = await connected();
    server.cut();
    client.wake();
    await clock.pass(250);
    expect(server.connected).toBe(true);
  });

  it('keeps the distance that the server has asked for, also when it is woken', async () => {
    const { client, clock, server } = await connected();
    await clock.pass(5000);
    server.cut(4200);
    client.wake();
    await clock.pass(3999);
    expect(server.dialled).toHaveLength(1);
    await clock.pass(1);
    expect(server.dialled).toHaveLength(2);
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

describe('a session that is resumed', () => {
  it('gets its connection when the server is back, and may be woken for it', async () => {
    const { client, clock, server } = prepared();
    const states: string[] = [];
    client.on('state', ({ state }) => states.push(state));
    server.onDial = () => 'unreachable';
    client.resume({ username: 'ann' });
    await clock.pass(60_000);
    expect(states.at(-1)).toBe('waiting');
    server.onDial = () => 'open';
    client.wake();
    await clock.pass(0);
    expect(server.connected).toBe(true);
  });

  it('ends when the server does not know it any more', async () => {
    const { client, clock, server } = prepared();
    const ends: string[] = [];
    client.on('state', (state) => state.state === 'ended' && ends.push(state.why));
    server.onDial = () => 'unauthorized';
    client.resume({ username: 'ann' });
    await clock.pass(60_000);
    expect([ends, server.dialled.length]).toEqual([['session-ended'], 1]);
  });
});
