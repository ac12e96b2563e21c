import { channelId, type ServerFrame, seq } from '@parley/protocol';
import fc from 'fast-check';
import { connected, ScriptedServer } from '../test/scripted-server.js';
import { Endpoints } from './endpoints.js';
import { Serials } from './serials.js';

const CHANNEL = channelId(2);
const message = (at: number, username = 'bob') => ({
  channelId: CHANNEL,
  messageSeqId: seq(at),
  username,
  content: `text ${at}`,
});
const notify = (at: number): ServerFrame => ({ type: 'NOTIFY_MESSAGE', ...message(at) });
const stored = (...messages: ReturnType<typeof message>[]): ServerFrame => ({
  type: 'FETCH_MESSAGES_RESPONSE',
  channelId: CHANNEL,
  messages,
});
const enterResponse = (lastRead: number, last: number): ServerFrame => ({
  type: 'ENTER_RESPONSE',
  channelId: CHANNEL,
  title: 'room',
  lastReadMessageSeqId: seq(lastRead),
  lastChannelMessageSeqId: seq(last),
});

/** In the channel, with nothing shown yet. */
async function inChannel() {
  const server = new ScriptedServer();
  server.answer = (frame) => (frame.type === 'ENTER_REQUEST' ? [enterResponse(0, 0)] : []);
  const stage = await connected(server);
  await stage.client.enter(CHANNEL);
  server.answer = () => [];
  return stage;
}

describe('the client loses nothing and shows nothing twice', () => {
  it('after the first of several missing messages arrives, the fetch asks for all the others', async () => {
    const { server, clock, screen } = await inChannel();
    server.send(notify(5));
    await clock.pass(50);
    server.send(notify(1));
    await clock.pass(50);
    expect(server.of('FETCH_MESSAGES_REQUEST')).toMatchObject([{ startMessageSeqId: 2, endMessageSeqId: 4 }]);
    server.send(stored(message(2), message(3), message(4)));
    await clock.pass(0);
    expect(screen).toEqual([1, 2, 3, 4, 5].map((at) => `${at} bob text ${at}`));
  });

  it('a message that arrives between ENTER_RESPONSE and the history does not drop the history', async () => {
    const server = new ScriptedServer();
    const { client, clock, screen } = await connected(server);
    const entering = client.enter(CHANNEL);
    server.send(enterResponse(0, 2));
    server.send(notify(3));
    await clock.pass(0);
    expect(screen).toEqual([]);
    server.send(stored(message(1), message(2)));
    await entering;
    expect(screen).toEqual([1, 2, 3].map((at) => `${at} bob text ${at}`));
  });

  it("an own ack does not move past other people's undelivered messages", async () => {
    const { client, server, clock, screen } = await inChannel();
    const sent = client.send(CHANNEL, 'mine');
    const [{ serial } = { serial: null }] = server.of('WRITE_MESSAGE');
    server.send({ type: 'WRITE_MESSAGE_ACK', serial, messageSeqId: seq(2) });
    await sent;
    expect(screen).toEqual([]);
    server.send(notify(1));
    expect(screen).toEqual(['1 bob text 1', '2 ann mine']);
    await clock.pass(1000);
    expect(server.of('FETCH_MESSAGES_REQUEST')).toEqual([]);
  });

  it("a neighbour's frame before the own ack does not print the own text twice", async () => {
    const { client, server, clock, screen } = await inChannel();
    const sent = client.send(CHANNEL, 'text 1');
    const [{ serial } = { serial: null }] = server.of('WRITE_MESSAGE');
    server.send(notify(2));
    await clock.pass(100);
    server.send(stored(message(1, 'ann')));
    await clock.pass(0);
    server.send({ type: 'WRITE_MESSAGE_ACK', serial, messageSeqId: seq(1) });
    await sent;
    expect(screen).toEqual(['1 ann text 1', '2 bob text 2']);
  });

  it('no two sends share a serial, however fast, and all are exact numbers', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -2, max: 5 }), { minLength: 2 }), (steps) => {
        let now = 1_700_000_000_000;
        const serials = new Serials({ now: () => now, after: () => ({ cancel: () => undefined }) }, Math.random);
        const given = steps.map((step) => {
          now += step;
          return serials.next();
        });
        for (const [at, serial] of given.entries()) {
          expect(Number.isSafeInteger(serial)).toBe(true);
          expect(serial).toBeGreaterThan(given[at - 1] ?? 0);
        }
      }),
    );
  });

  it('entering shows 10 unread messages, not 11', async () => {
    const server = new ScriptedServer();
    server.answer = (frame) => {
      if (frame.type === 'ENTER_REQUEST') return [enterResponse(0, 50)];
      if (frame.type !== 'FETCH_MESSAGES_REQUEST') return [];
      const { startMessageSeqId: from, endMessageSeqId: to } = frame;
      return [stored(...Array.from({ length: to - from + 1 }, (_, at) => message(from + at)))];
    };
    const { client, screen } = await connected(server);
    await client.enter(CHANNEL);
    expect(screen).toHaveLength(10);
    expect(screen[0]).toBe('41 bob text 41');
    expect(await client.history(CHANNEL, seq(41), 5)).toHaveLength(5);
  });

  it('servers are discovered anew when all known ones fail', async () => {
    let generation = 0;
    const discover = (): Promise<string[]> =>
      Promise.resolve([`http://g${(generation += 1)}a`, `http://g${generation}b`]);
    const server = new ScriptedServer();
    server.onDial = (url) => (url.startsWith('ws://g1') && generation > 1 ? 'unreachable' : 'open');
    const { clock } = await connected(server, { endpoints: new Endpoints(discover) });
    server.onDial = (url) => (url.startsWith('ws://g1') ? 'unreachable' : 'open');
    server.cut();
    await clock.pass(1000);
    expect(server.connected).toBe(true);
    expect(server.dialled.map((url) => url.slice(5, 8))).toEqual(['g1a', 'g1a', 'g1b', 'g2a']);
  });
});
