import { createServer, type Server } from 'node:http';
import { once } from 'node:events';

/** Something that Consul takes for an instance of a service and that tells of the requests it gets. */
export class StandIn {
  private constructor(
    private readonly consul: string,
    readonly id: string,
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async start(consul: string, service: string): Promise<StandIn> {
    const server = createServer((request, response) => {
      response.end(JSON.stringify({ port: request.socket.localPort, headers: request.headers }));
    });
    // What a WebSocket server does, without the framing: bytes come back as they went.
    server.on('upgrade', ({ headers }, socket) => {
      const told = `Told: ${JSON.stringify(headers)}\r\n`;
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${told}\r\n`);
      socket.on('error', () => undefined);
      socket.pipe(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const standIn = new StandIn(consul, `${service}-${address.port}`, server, address.port);
    await standIn.register(service);
    return standIn;
  }

  private async register(service: string): Promise<void> {
    const check = { TCP: `127.0.0.1:${this.port}`, Interval: '1s', Timeout: '1s', Status: 'passing' };
    const body = { ID: this.id, Name: service, Address: '127.0.0.1', Port: this.port, Check: check };
    await fetch(`${this.consul}/v1/agent/service/register`, { method: 'PUT', body: JSON.stringify(body) });
  }

  /** Ends as a crash does: no goodbye to Consul. */
  crash(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  async remove(): Promise<void> {
    this.crash();
    await fetch(`${this.consul}/v1/agent/service/deregister/${this.id}`, { method: 'PUT' });
  }
}
