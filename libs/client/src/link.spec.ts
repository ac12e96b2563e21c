import { channelId, type ServerFrame, seq, UNAVAILABLE_TEXT } from '@parley/protocol';
import { CHANNEL, channelServer, entered, error, failureOf, notify } from '../test/channel-server.js';
import { connected, prepared, ScriptedServer, type Stage } from '../test/scripted-server.js';
import { Endpoints, fixedServer } from './endpoints.js';

const quitElsewhere: ServerFrame = { type: 'NOTIFY_MEMBER_QUIT', channelId: CHANNEL, username: 'ann' };

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

  it('enters again when it was lost before the history had come', async () => {
    const { server } = channelServer(0, 20);
    const { client, clock } = await connected(server);
    const { answer } = server;
    server.answer = (frame) => (frame.type === 'FETCH_MESSAGES_REQUEST' ? [] : answer(frame));
    const entering = client.enter(CHANNEL);
    await clock.pass(100);
    server.answer = answer;
    server.cut();
    await clock.pass(1000);
    expect(server.of('ENTER_REQUEST')).toHaveLength(2);
    await entering;
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

  describe('after which the server cannot let anybody into the channel just now', () => {
    const refusal = error('ENTER_REQUEST', UNAVAILABLE_TEXT.ENTER_REQUEST);

    /** On a new socket, on which entering again has been refused so often. */
    async function refused(times: number) {
      const { server } = channelServer(0, 0);
      const stage = await connected(server);
      const removed: unknown[] = [];
      stage.client.on('removed', ({ reason }) => removed.push(reason));
      await stage.client.enter(CHANNEL);
      const { answer } = server;
      server.answer = () => [refusal];
      server.cut();
      await stage.clock.pass(250);
      while (server.of('ENTER_REQUEST').length < 1 + times) await stage.clock.pass(50);
      return { ...stage, removed, answer };
    }

    it('keeps the screen, and goes on as soon as it can', async () => {
      const { client, clock, server, screen, removed, answer } = await refused(1);
      server.answer = answer;
      await clock.pass(249);
      expect(server.of('ENTER_REQUEST')).toHaveLength(2);
      await clock.pass(1);
      server.send(notify(1));
      expect([screen, removed, client.channelId]).toEqual([['1 bob text 1'], [], CHANNEL]);
      await clock.pass(30_000);
      expect(server.of('ENTER_REQUEST')).toHaveLength(3);
    });

    it('asks less and less often', async () => {
      const { clock, server } = await refused(1);
      const asked: number[] = [];
      const begin = clock.now();
      server.answer = ({ type }) => (type === 'ENTER_REQUEST' && asked.push(clock.now() - begin), [refusal]);
      await clock.pass(20_000);
      expect(asked).toEqual([250, 750, 1750, 3750, 7750, 12_750, 17_750]);
    });

    it('still tells when the channel is no longer open to the user', async () => {
      const { client, clock, server, removed } = await refused(2);
      server.answer = () => [error('ENTER_REQUEST', 'Not joined.')];
      await clock.pass(1000);
      expect([removed, client.channelId]).toEqual([['Not joined.'], undefined]);
    });

    it.each([
      ['the client is closed', ({ client }: Stage) => client.close()],
      ['the channel is quit on another device', ({ server }: Stage) => server.send(quitElsewhere)],
      ['the user has left it', ({ client }: Stage) => void client.leave()],
    ])('asks no more when %s', async (_what, end) => {
      const stage = await refused(1);
      stage.server.answer = ({ type }) => (type === 'LEAVE_REQUEST' ? [{ type: 'LEAVE_RESPONSE' }] : []);
      end(stage);
      await stage.clock.pass(30_000);
      expect(stage.server.of('ENTER_REQUEST')).toHaveLength(2);
    });

    it('asks once on the next socket, and at once', async () => {
      const { clock, server, answer } = await refused(4);
      server.cut();
      server.answer = answer;
      server.onDial = () => 'unreachable';
      await clock.pass(5000);
      expect(server.of('ENTER_REQUEST')).toHaveLength(5);
      server.onDial = () => 'open';
      await clock.pass(30_000);
      expect(server.of('ENTER_REQUEST')).toHaveLength(6);
    });

    it('asks no more for it when another channel is entered', async () => {
      const { client, clock, server } = await refused(1);
      server.answer = (frame) => (frame.type === 'ENTER_REQUEST' ? [entered(0, 0, frame.channelId)] : []);
      await client.enter(channelId(9));
      await clock.pass(30_000);
      expect(server.of('ENTER_REQUEST').map((frame) => frame.channelId)).toEqual([2, 2, 9]);
    });
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
