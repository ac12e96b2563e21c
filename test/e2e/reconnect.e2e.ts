import { ChatClient, type ChatMessage, Endpoints } from '@parley/client';
import { openNodeSocket } from '@parley/client/node';
import type { ChannelId } from '@parley/protocol';
import { channelOf, eventually, newConnected, stage, TcpRelay } from '@parley/testing';

const { system, first, second } = await stage();

/** A client of the SDK with a screen: what it shows, in the order it shows it. */
class Chatter implements Disposable {
  readonly screen: ChatMessage[] = [];
  readonly states: string[] = [];
  readonly client: ChatClient;

  private constructor(servers: readonly string[]) {
    const endpoints = new Endpoints(() => Promise.resolve(servers));
    this.client = new ChatClient({ endpoints, openSocket: openNodeSocket });
    this.client.on('message', (message) => this.screen.push(message));
    this.client.on('state', ({ state }) => this.states.push(state));
  }

  /** @param servers the first one is used while it answers */
  static async open(person: { name: string; session: string }, ...servers: readonly string[]): Promise<Chatter> {
    const chatter = new Chatter(servers);
    await chatter.client.connect({ username: person.name, cookie: person.session });
    return chatter;
  }

  get losses(): number {
    return this.states.filter((state) => state === 'lost').length;
  }

  /** Waits until as many messages are on the screen, and says what is there. */
  shows(count: number): Promise<ChatMessage[]> {
    return eventually(() => {
      if (this.screen.length < count) throw new Error(`${this.screen.length} of ${count} messages are shown`);
      return this.screen;
    }, 40_000);
  }

  [Symbol.dispose](): void {
    this.client.close();
  }
}

/** Two contacts with a channel; their bare sockets are closed again. */
async function twoPeople() {
  const [ann, bob] = [await newConnected(system.server, 'ann'), await newConnected(system.server, 'bob')];
  const channelId = await channelOf(ann, bob);
  for (const person of [ann, bob]) await person.wire[Symbol.asyncDispose]();
  return { ann, bob, channelId };
}

const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);

/** Every stored message is on every screen, once and in order, and nothing else is. */
async function expectSameScreens(channelId: ChannelId, count: number, ...chatters: readonly Chatter[]): Promise<void> {
  const stored = await system.storedMessages(channelId);
  expect(stored.map(({ seq }) => seq)).toEqual(upTo(count));
  expect(new Set(stored.map(({ content }) => content)).size).toBe(count);
  for (const chatter of chatters) {
    const shown = (await chatter.shows(count)).map(({ seq, content }) => ({ seq, content }));
    expect(shown).toEqual(stored);
  }
}

afterEach(() => system.heal());

describe('a connection that breaks in the middle of a talk', () => {
  it('costs nobody a message: both screens show all of them once, in order', async () => {
    const { ann, bob, channelId } = await twoPeople();
    await using relay = await TcpRelay.to(first);
    using speaker = await Chatter.open(ann, second);
    using listener = await Chatter.open(bob, relay.url);
    for (const { client } of [speaker, listener]) await client.enter(channelId);

    const [each, cutsAt] = [40, new Set([8, 20, 30])];
    const talk = async ({ client }: Chatter, who: string, before: (i: number) => void) => {
      for (const i of upTo(each)) {
        before(i);
        await client.send(channelId, `${who} ${i}`);
      }
    };
    await Promise.all([
      talk(speaker, 'ann', (i) => {
        if (cutsAt.has(i)) relay.cut();
      }),
      talk(listener, 'bob', () => undefined),
    ]);
    await expectSameScreens(channelId, 2 * each, speaker, listener);
    expect(listener.losses).toBeGreaterThanOrEqual(1);
    expect(speaker.losses).toBe(0);
  }, 90_000);

  it('sends each of many messages typed at once a single time, though their acknowledgements are lost', async () => {
    const { ann, bob, channelId } = await twoPeople();
    await using relay = await TcpRelay.to(first);
    using speaker = await Chatter.open(ann, relay.url);
    using listener = await Chatter.open(bob, second);
    for (const { client } of [speaker, listener]) await client.enter(channelId);
    const sent = Promise.all(upTo(30).map((i) => speaker.client.send(channelId, `line ${i}`)));
    await listener.shows(5);
    relay.cut();
    expect((await sent).map(({ seq }) => Number(seq))).toEqual(upTo(30));
    await expectSameScreens(channelId, 30, speaker, listener);
    expect(speaker.losses).toBeGreaterThanOrEqual(1);
  }, 60_000);
});

describe('a connection server that is killed in the middle of a talk', () => {
  it('costs nobody a message: its people go on at another server where they were', async () => {
    const { ann, bob, channelId } = await twoPeople();
    using speaker = await Chatter.open(ann, second, first);
    using listener = await Chatter.open(bob, second, first);
    for (const { client } of [speaker, listener]) await client.enter(channelId);
    const [, victim] = system.processes('connection');
    for (const i of upTo(30)) {
      if (i === 10) await victim?.kill('SIGKILL');
      await speaker.client.send(channelId, `message ${i}`);
    }
    await expectSameScreens(channelId, 30, speaker, listener);
    for (const chatter of [speaker, listener]) expect(chatter.losses).toBeGreaterThanOrEqual(1);
  }, 90_000);
});

describe('entering a channel in which others are talking', () => {
  it('shows the last ten old messages and all new ones, without a hole or a repetition', async () => {
    const { ann, bob, channelId } = await twoPeople();
    using speaker = await Chatter.open(ann, first);
    using listener = await Chatter.open(bob, second);
    await speaker.client.enter(channelId);
    for (const i of upTo(25)) await speaker.client.send(channelId, `old ${i}`);
    const talk = (async () => {
      for (const i of upTo(40)) await speaker.client.send(channelId, `new ${i}`);
    })();
    const { from, last } = await listener.client.enter(channelId);
    expect(Number(last) - Number(from)).toBe(9);
    await talk;
    const shown = await listener.shows(65 - from + 1);
    expect(shown.map(({ seq }) => Number(seq))).toEqual(upTo(65).slice(from - 1));
    expect(await listener.client.history(channelId, from, 100)).toHaveLength(from - 1);
  }, 60_000);
});
