import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PATHS } from '@parley/protocol';
import { type WebSocket as Peer, WebSocketServer } from 'ws';
import { openBrowserSocket } from '../src/browser-socket.js';

/** What happened to a socket, in order. */
function recorder() {
  const events: string[] = [];
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  const handlers = {
    opened: () => {
      events.push('opened');
      open();
    },
    text: (data: string) => void events.push(data),
    alive: () => void events.push('alive'),
    closed: (code: number, reason: string) => {
      events.push(`closed ${code} ${reason}`);
      resolve();
    },
    failed: (why: string) => {
      events.push(why);
      resolve();
    },
  };
  return { events, over, opened, handlers };
}

describe('the socket of a browser', () => {
  const session = { username: 'ann' };
  let http: Server;
  let sockets: WebSocketServer;
  let onPeer: (peer: Peer) => void = () => undefined;
  let status = 200;
  let url = '';

  beforeAll(async () => {
    // Node has the WebSocket and the fetch of browsers.
    http = createServer((request, response) => {
      response.writeHead(request.url === `${PATHS.pushInbox}?user=ann` ? status : 404).end();
    });
    sockets = new WebSocketServer({ server: http, path: PATHS.webSocket });
    sockets.on('connection', (peer) => onPeer(peer));
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const { port } = http.address() as AddressInfo;
    url = `ws://127.0.0.1:${port}`;
  });
  afterAll(async () => {
    sockets.close();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });

  it('passes texts both ways and tells how it ended', async () => {
    const { events, over, opened, handlers } = recorder();
    onPeer = (peer) => {
      peer.on('message', (data: Buffer) => {
        peer.send(Buffer.from('not a text'));
        peer.send(`echo ${data.toString()}`);
        peer.close(4000, 'resume');
      });
    };
    const socket = openBrowserSocket(url + PATHS.webSocket, session, handlers);
    await opened;
    socket.send('hello');
    await over;
    expect(events).toEqual(['opened', 'echo hello', 'closed 4000 resume']);
  });

  it('can be closed from this side', async () => {
    const { events, over, opened, handlers } = recorder();
    onPeer = () => undefined;
    const socket = openBrowserSocket(url + PATHS.webSocket, session, handlers);
    await opened;
    socket.close(1000, 'bye');
    await over;
    expect(events).toEqual(['opened', 'closed 1000 bye']);
  });

  it.each([
    ['unauthorized', 401],
    ['unreachable', 200],
    ['unreachable', 503],
  ])('that does not open is %s when a request with the same cookie is answered with %i', async (why, answered) => {
    const { events, over, handlers } = recorder();
    status = answered;
    openBrowserSocket(`${url}/elsewhere`, session, handlers);
    await over;
    expect(events).toEqual([why]);
  });

  it('that nobody listens to is unreachable', async () => {
    const { events, over, handlers } = recorder();
    openBrowserSocket('ws://127.0.0.1:1/', session, handlers);
    await over;
    expect(events).toEqual(['unreachable']);
  });
});
