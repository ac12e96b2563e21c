import { request } from 'node:http';
import type { Socket } from 'node:net';
import { CLOSE, decodeClientFrame, decodeServerFrame, PATHS, SESSION_COOKIE } from '@parley/protocol';
import { channelOf, eventually, newConnected, type Person, runningSystem, uniqueName, write } from '@parley/testing';
import fc from 'fast-check';
import { WebSocket } from 'ws';
import { hostileFrame } from './hostile-frames.js';

const system = await runningSystem();
const [server = '', other = ''] = system.connectionServers;

/** The frames and their order follow from the seed. */
const seed = Number(process.env['PARLEY_FUZZ_SEED'] ?? Date.now() % 2 ** 31);
process.stdout.write(`fuzzing with PARLEY_FUZZ_SEED=${seed}\n`);

const BURST = 120;
const RUNS = Number(process.env['PARLEY_FUZZ_RUNS'] ?? 30);

/** A socket without any manners: it sends whatever it is given, and keeps all that comes. */
class RudeSocket {
  readonly received: string[] = [];
  closed: number | undefined;

  private constructor(readonly ws: WebSocket) {
    ws.on('message', (data: Buffer) => this.received.push(data.toString()));
    ws.on('close', (code) => (this.closed = code));
    ws.on('error', () => undefined);
  }

  static async open(at: string, { session }: Person): Promise<RudeSocket> {
    const url = new URL(PATHS.webSocket, at.replace(/^http/, 'ws'));
    const socket = new RudeSocket(
      new WebSocket(url, { perMessageDeflate: false, headers: { cookie: `${SESSION_COOKIE}=${session}` } }),
    );
    await new Promise((resolve, reject) => socket.ws.once('open', resolve).once('error', reject));
    return socket;
  }

  get answers(): string[] {
    return this.received.filter((text) => /^\{"type":"(\w+_(RESPONSE|ACK)|ERROR)"/.test(text));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ws.close();
    await eventually(() => expect(this.closed).toBeDefined(), 3_000).catch(() => this.ws.terminate());
  }
}

/** How many answers these frames must get, and how many they may get at most. */
function answersTo(texts: readonly string[]): { least: number; most: number } {
  let [least, most] = [0, 0];
  for (const text of texts) {
    const frame = decodeClientFrame(Buffer.from(text).toString());
    if (frame.ok && frame.value.type === 'KEEP_ALIVE') continue;
    most += 1;
    // A position is answered only when it is refused.
    if (!frame.ok || frame.value.type !== 'READ_MESSAGE_ACK') least += 1;
  }
  return { least, most };
}

const watched = [...system.processes('connection'), ...system.processes('message')];
const pids = () => Promise.all(watched.map(async ({ name }) => (await system.stack.table.running(name))?.pid));

/** Eve attacks; what Ann and Bob have said is nothing that she may see. */
async function scene() {
  const [ann, bob, eve, mate] = await Promise.all([
    newConnected(system.server, 'ann', server),
    newConnected(system.server, 'bob', other),
    newConnected(system.server, 'eve', server),
    newConnected(system.server, 'mate', other),
  ]);
  const secret = uniqueName('secret');
  const theirs = await channelOf(ann, bob);
  await write(ann, theirs, secret);
  const own = [await channelOf(eve, mate)];
  await write(eve, own[0] ?? theirs, 'mine');
  const codeOf = await ann.wire.ask(
    { type: 'FETCH_CHANNEL_INVITECODE_REQUEST', channelId: theirs },
    'FETCH_CHANNEL_INVITECODE_RESPONSE',
  );
  const people = [ann, bob, eve, mate];
  return {
    ann,
    bob,
    eve,
    theirs,
    secrets: [secret, codeOf.inviteCode, ann.session, bob.session],
    targets: { channels: [...own, ...own, theirs, 1, 4_000_000_000], names: [mate.name, ann.name, uniqueName('no')] },
    leave: async () => {
      for (const { wire } of people) await wire[Symbol.asyncDispose]();
    },
  };
}

let stage: Awaited<ReturnType<typeof scene>>;
beforeAll(async () => {
  stage = await scene();
});
afterAll(() => stage.leave());

describe('frames that nobody in their senses would send', () => {
  it('are all answered, close nothing, crash nothing, and show nothing of others', async () => {
    const { eve, secrets, targets } = stage;
    const before = await pids();

    await fc.assert(
      fc.asyncProperty(
        fc.array(hostileFrame(targets), { minLength: BURST, maxLength: BURST }),
        fc.constantFrom(server, other, system.server),
        async (texts, at) => {
          await using socket = await RudeSocket.open(at, eve);
          for (const text of texts) socket.ws.send(text);
          const { least, most } = answersTo(texts);
          await eventually(() => {
            if (socket.closed !== undefined) throw new Error(`closed with ${socket.closed}`);
            expect(socket.answers.length).toBeGreaterThanOrEqual(least);
          }, 20_000);
          expect(socket.answers.length).toBeLessThanOrEqual(most);
          expect(socket.received.filter((text) => decodeServerFrame(text) === undefined)).toEqual([]);
          const heard = socket.received.join('\n');
          for (const secret of secrets) expect(heard).not.toContain(secret);
        },
      ),
      { seed, numRuns: RUNS, endOnFailure: true },
    );

    expect(await pids()).toEqual(before);
    // Everybody else goes on.
    await write(stage.ann, stage.theirs, 'still here');
  }, 300_000);

  it('may come in pieces, with pings in between, and are read as one', async () => {
    await fc.assert(
      fc.asyncProperty(
        hostileFrame(stage.targets).filter((text) => text.length > 0),
        fc.array(fc.nat(), { maxLength: 6 }),
        async (text, cuts) => {
          await using socket = await RudeSocket.open(server, stage.eve);
          const bytes = Buffer.from(text);
          // Cut anywhere, also in the middle of a character.
          const places = [...new Set([0, ...cuts.map((cut) => cut % bytes.length), bytes.length])].toSorted(
            (a, b) => a - b,
          );
          for (const [index, from] of places.slice(0, -1).entries()) {
            socket.ws.send(bytes.subarray(from, places[index + 1]), {
              binary: false,
              fin: index === places.length - 2,
            });
            socket.ws.ping();
          }
          socket.ws.send('{"type":"NOTHING"}');
          const { least } = answersTo([text]);
          await eventually(() => expect(socket.answers.length).toBeGreaterThanOrEqual(least + 1));
          expect(socket.closed).toBeUndefined();
        },
      ),
      { seed, numRuns: 40, endOnFailure: true },
    );
  }, 60_000);
});

describe('garbage', () => {
  const FRAMES = 40_000;
  const WARM_UP = 4_000;
  const AT_ONCE = 500;
  const FRAME_BYTES = 1_024;
  /** A third of what was sent: were frames kept, or the half of them, the process would hold more. */
  const MAX_GROWTH_BYTES = (FRAMES * FRAME_BYTES) / 3;

  /** Collects its garbage when it is told to, and lets a socket send as much as it likes. */
  const patient = () =>
    system.stack.startService('connection', `fuzz-${seed}`, {
      FRAMES_BURST: '1000000',
      NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --expose-gc --import=data:text/javascript,process.on('SIGUSR2',()=>gc())`,
    });

  /** No two are the same, and none is a frame. */
  const garbage = [
    (text: string) => `{"type":"WRITE_MESSAGE","channelId":1,"content":"${text}`,
    (text: string) => `{"type":"${text}"}`,
    (text: string) => `{"type":"INVITE_REQUEST","userInviteCode":["${text}"]}`,
    (text: string) => `"${text}"`,
  ];

  it('is answered and forgotten: memory does not grow with it', async () => {
    const service = await patient();
    try {
      await using socket = await RudeSocket.open(service.url, stage.eve);
      let sent = 0;
      const send = async (count: number) => {
        for (const end = sent + count; sent < end;) {
          for (let i = 0; i < AT_ONCE; i += 1) {
            const make = garbage[sent % garbage.length] ?? String;
            sent += 1;
            socket.ws.send(make(String(sent).padStart(FRAME_BYTES, 'x')));
          }
          await eventually(() => expect(socket.answers).toHaveLength(AT_ONCE));
          socket.received.length = 0;
        }
      };
      const bytesKept = async () => {
        await system.stack.table.signal(service.name, 'SIGUSR2');
        const metrics = await (await fetch(new URL('/metrics', service.url))).text();
        const bytes = (name: string) => Number(new RegExp(`^nodejs_${name}_bytes\\S* (\\d+)`, 'm').exec(metrics)?.[1]);
        return bytes('heap_size_used') + bytes('external_memory');
      };
      await send(WARM_UP);
      const before = await bytesKept();
      await send(FRAMES);
      await eventually(async () => expect((await bytesKept()) - before).toBeLessThan(MAX_GROWTH_BYTES));
      expect(socket.closed).toBeUndefined();
    } finally {
      await service.stop();
    }
  }, 180_000);
});

/** The bare connection below a socket, after the handshake. */
function rawConnection(at: string, { session }: Person): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(PATHS.webSocket, at), {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        cookie: `${SESSION_COOKIE}=${session}`,
      },
    });
    sent.on('upgrade', (_response, socket) => resolve(socket));
    sent.on('error', reject);
    sent.on('response', ({ statusCode }) => reject(new Error(`refused with ${statusCode}`)));
    sent.end();
  });
}

describe('bytes that are no frames', () => {
  it.each([
    ['a byte that cannot begin a character', [0xff]],
    ['a character that is cut off', [0xe2, 0x82]],
    ['half of a pair', [0xed, 0xa0, 0x80]],
    ['a character written too long', [0xc0, 0xaf]],
  ])('as %s in a text close the socket with 1007', async (_what, bytes) => {
    await using socket = await RudeSocket.open(server, stage.eve);
    socket.ws.send(Buffer.from([...Buffer.from('{"type":"'), ...bytes, ...Buffer.from('"}')]), { binary: false });
    await eventually(() => expect(socket.closed).toBe(1007));
  });

  it('close with 1003 as a binary frame, in pieces as well', async () => {
    await using socket = await RudeSocket.open(server, stage.eve);
    socket.ws.send(Buffer.from('{"type":'), { binary: true, fin: false });
    socket.ws.send(Buffer.from('"KEEP_ALIVE"}'), { binary: true, fin: true });
    await eventually(() => expect(socket.closed).toBe(CLOSE.binary.code));
  });

  it('end their own connection and nothing else', async () => {
    const before = await pids();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 400 }), async (bytes) => {
        const connection = await rawConnection(server, stage.eve);
        connection.on('error', () => undefined);
        connection.resume();
        // Unfinished frames wait for the rest; the end of the connection ends them too.
        connection.end(bytes);
        await eventually(() => expect(connection.destroyed || connection.readableEnded).toBe(true));
        connection.destroy();
      }),
      { seed, numRuns: 60, endOnFailure: true },
    );
    expect(await pids()).toEqual(before);
    await write(stage.ann, stage.theirs, 'still here');
  }, 60_000);
});
