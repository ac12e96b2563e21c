import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PATHS, SESSION_COOKIE } from '@parley/protocol';
import { type WebSocket as Peer, WebSocketServer } from 'ws';
import { openNodeSocket } from '../src/node.js';
import type { Session } from '../src/session.js';

function recorder() {
  const events: string[] = [];
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  const ends = (event: string): void => {
    events.push(event);
    resolve();
  };
  const handlers = {
    opened: () => {
      events.push('opened');
      open();
    },
    text: (data: string) => void events.push(data),
    alive: () => void events.push('alive'),
    closed: (code: number, reason: string) => ends(`closed ${code} ${reason}`),
    failed: ends,
  };
  return { events, over, opened, handlers };
}

describe('the socket of a program', () => {
  let http: Server;
  let sockets: WebSocketServer;
  let onPeer: (peer: Peer) => void = () => undefined;
  let refusal: number | undefined;
  let cookies: (string | undefined)[] = [];
  let url = '';

  beforeEach(async () => {
    refusal = undefined;
    cookies = [];
    http = createServer();
    sockets = new WebSocketServer({ noServer: true });
    http.on('upgrade', (request, stream, head) => {
      cookies.push(request.headers.cookie);
      if (refusal === undefined) sockets.handleUpgrade(request, stream, head, (peer) => onPeer(peer));
      else stream.end(`HTTP/1.1 ${refusal} No\r\nContent-Length: 0\r\n\r\n`);
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}${PATHS.webSocket}`;
  });
  afterEach(async () => {
    sockets.close();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });

  const dial = (session: Session = { username: 'ann', cookie: 'secret' }) => {
    const { handlers, ...rest } = recorder();
    return { ...rest, socket: openNodeSocket(url, session, handlers) };
  };

  it('sends its session as a cookie, or none', async () => {
    onPeer = (peer) => peer.close(4000, 'enough');
    await dial().over;
    await dial({ username: 'ann' }).over;
    expect(cookies).toEqual([`${SESSION_COOKIE}=secret`, undefined]);
  });

  it('passes texts and signs of life, no bytes, and tells how it ended', async () => {
    onPeer = (peer) => {
      peer.on('message', (data: Buffer) => {
        peer.ping();
        peer.send(Buffer.from('bytes'));
        peer.send(`echo ${data.toString()}`);
        peer.close(4000, 'resume');
      });
    };
    const { events, over, opened, socket } = dial();
    await opened;
    socket.send('hello');
    await over;
    expect(events).toEqual(['opened', 'alive', 'echo hello', 'closed 4000 resume']);
  });

  it.each([
    [401, 'unauthorized'],
    [503, 'unreachable'],
  ])('that is refused with %i is %s', async (status, why) => {
    refusal = status;
    const { events, over } = dial();
    await over;
    expect(events).toEqual([why]);
  });

  it('tells once when a connection is broken off', async () => {
    onPeer = (peer) => peer.terminate();
    const { events, over } = dial();
    await over;
    expect(events).toEqual(['opened', 'closed 1006 ']);
  });
});
