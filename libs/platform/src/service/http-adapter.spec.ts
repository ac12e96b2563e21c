import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { createHttpServer } from './http-adapter.js';

describe('an HTTP server with an upgrade listener', () => {
  let server: Server;

  beforeEach(async () => {
    server = createHttpServer((request, response) => {
      request.setEncoding('utf8');
      let body = '';
      request.on('data', (chunk: string) => (body += chunk)).on('end', () => response.end(`plain:${body};`));
    });
    server.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\nupgraded'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  /** Sends the requests on one connection, each when the one before has its answer; gives all that came back. */
  const exchange = async (...requests: readonly string[][]): Promise<string> => {
    const { port } = server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    let received = '';
    for (const lines of requests) {
      socket.write(lines.join('\r\n'));
      const [answer] = await once(socket, 'data');
      received += String(answer);
    }
    socket.destroy();
    return received;
  };

  const h2c = ['Host: x', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'];

  it('answers a request that offers h2c as an ordinary one', async () => {
    expect(await exchange(['GET / HTTP/1.1', ...h2c, '', ''])).toMatch(/^HTTP\/1\.1 200 OK[^]*plain:;$/);
  });

  it('reads the body of a request that offers h2c, and the next request on the same connection', async () => {
    const first = ['POST / HTTP/1.1', ...h2c, 'Content-Length: 5', '', 'first'];
    const second = ['POST / HTTP/1.1', 'Host: x', 'Content-Length: 6', '', 'second'];
    expect((await exchange(first, second)).match(/plain:\w*;/g)).toEqual(['plain:first;', 'plain:second;']);
  });

  it.each(['websocket', 'WebSocket'])('still hands %s handshakes to the listener', async (protocol) => {
    const handshake = ['GET / HTTP/1.1', 'Host: x', 'Connection: Upgrade', `Upgrade: ${protocol}`, '', ''];
    expect(await exchange(handshake)).toMatch(/^HTTP\/1\.1 101/);
  });
});
