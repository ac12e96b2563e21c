import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { ChatSocket, Outgoing, type SocketEvents } from '../src/wire/chat-socket.js';
import { textFrame } from '../src/wire/client-frames.js';

let server: WebSocketServer;
beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await once(server, 'listening');
});
afterEach(() => {
  for (const peer of server.clients) peer.terminate();
  server.close();
});

function open(events: Partial<SocketEvents> = {}, from?: string) {
  const { port } = server.address() as AddressInfo;
  const traffic = { bytesIn: 0, bytesOut: 0, receivedAtUs: 0 };
  const outgoing = new Outgoing();
  const options = { to: { host: '127.0.0.1', port }, cookie: 'c00kie', from, outgoing, traffic };
  const socket = ChatSocket.open({ ...options, events: { text: () => undefined, ended: () => undefined, ...events } });
  return { socket, outgoing, traffic };
}

async function connected(events: Partial<SocketEvents> = {}) {
  const arrived = once(server, 'connection') as Promise<[WebSocket]>;
  const { socket, ...rest } = open(events);
  const [peer] = await arrived;
  return { socket: await socket, peer, ...rest };
}

async function closeCode(peer: WebSocket): Promise<number> {
  const [code] = (await once(peer, 'close')) as [number];
  return code;
}

describe('a socket of the generator', () => {
  it('is understood by a WebSocket server, frame by frame, written at once', async () => {
    const { socket, peer, outgoing } = await connected();
    const seen: string[] = [];
    peer.on('message', (data: Buffer) => seen.push(data.toString()));
    const texts = ['short', 'm'.repeat(200), 'l'.repeat(3_000)];
    for (const text of texts) socket.send(textFrame(text));
    outgoing.flush();
    while (seen.length < texts.length) await once(peer, 'message');
    expect(seen).toEqual(texts);
  });

  it('reads what the server writes, however long', async () => {
    const seen: string[] = [];
    let done: () => void = () => undefined;
    const all = new Promise<void>((resolve) => (done = resolve));
    const texts = ['a', 'b'.repeat(70_000), 'c'.repeat(500_000), 'd'];
    const { peer } = await connected({
      text: (bytes, start, end) => {
        seen.push(bytes.toString('utf8', start, end));
        if (seen.length === texts.length) done();
      },
    });
    for (const text of texts) peer.send(text);
    await all;
    expect(seen).toEqual(texts);
  });

  it('answers a ping with its payload', async () => {
    const { peer } = await connected();
    peer.ping('are you there');
    const [payload] = (await once(peer, 'pong')) as [Buffer];
    expect(payload.toString()).toBe('are you there');
  });

  it('tells with which code the server has closed it', async () => {
    let tell: (code: number) => void = () => undefined;
    const code = new Promise<number>((resolve) => (tell = resolve));
    const { peer } = await connected({ ended: (_socket, with_) => tell(with_) });
    peer.close(4000, 'Too slow');
    expect(await code).toBe(4000);
  });

  it('says goodbye when it is done, and nothing when it is cut', async () => {
    const ending = await connected();
    ending.socket.close();
    expect(await closeCode(ending.peer)).toBe(1000);
    const broken = await connected();
    broken.peer.on('error', () => undefined);
    broken.socket.cut();
    expect(await closeCode(broken.peer)).toBe(1006);
  });

  it('says what the server answered instead of switching', async () => {
    server.options.verifyClient = (_info, done) => done(false, 503);
    await expect(open().socket).rejects.toThrow('503');
  });

  it('connects from the address it is given', async () => {
    const request = once(server, 'connection') as Promise<[WebSocket, { socket: { remoteAddress: string } }]>;
    await open({}, '127.0.3.1').socket;
    const [, { socket }] = await request;
    expect(socket.remoteAddress).toContain('127.0.3.1');
  });
});
