import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ClientFrame, decodeClientFrame, PATHS, type ServerFrame, SESSION_COOKIE } from '@parley/protocol';
import { type WebSocket, WebSocketServer } from 'ws';
import { FakeWorld } from './fake-world.js';

interface Client {
  readonly username: string;
  readonly socket: WebSocket;
  entered: number | undefined;
}

/** A whole server in one process and in memory: REST, WebSocket and a Consul catalog that names itself. */
export class FakeParley {
  readonly world = new FakeWorld();
  readonly #http = createServer((request, response) => void this.#rest(request, response));
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #sessions = new Map<string, string>();
  readonly #clients = new Set<Client>();
  /** Frames as they came in. */
  readonly received: ClientFrame[] = [];
  /** No REST request can be carried out. */
  isBroken = false;
  /** Return false to keep a frame from being sent. */
  letOut: (frame: ServerFrame, username: string) => boolean = () => true;
  /** Return false to lose a frame that came in. */
  letIn: (frame: ClientFrame, username: string) => boolean = () => true;

  constructor() {
    this.#http.on('upgrade', (request, socket, head) => {
      const username = this.#userOf(request);
      if (username === undefined) return socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n');
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#opened(webSocket, username));
    });
  }

  async listen(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.#http.listen(port, '127.0.0.1', resolve));
    return this;
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Closes every socket, as a server that goes away does. */
  cut(code = 1001, reason = 'Server is going away, resume elsewhere'): void {
    for (const { socket } of this.#clients) socket.close(code, reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { socket } of this.#clients) socket.terminate();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  #userOf(request: IncomingMessage): string | undefined {
    const cookie = new RegExp(`${SESSION_COOKIE}=([^;]+)`).exec(request.headers.cookie ?? '')?.[1];
    return cookie === undefined ? undefined : this.#sessions.get(cookie);
  }

  async #rest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const [status, text] = this.#answer(request, body);
    response.writeHead(status, { 'Content-Type': 'text/plain;charset=UTF-8' }).end(text);
  }

  #answer(request: IncomingMessage, body: string): [number, string] {
    if (request.url === '/v1/catalog/service/nginx') {
      return [200, JSON.stringify([{ ServiceAddress: '127.0.0.1', ServicePort: String(this.port) }])];
    }
    if (this.isBroken) return [500, 'Internal server error'];
    const username = this.#userOf(request);
    const given: { username?: string; password?: string } = body === '' ? {} : JSON.parse(body);
    const { username: name = '', password = '' } = given;
    switch (request.url) {
      case PATHS.register:
        return this.world.register(name, password) ? [200, 'User registered.'] : [409, 'Username is taken.'];
      case PATHS.login: {
        if (!this.world.knows(name, password)) return [401, 'Not authenticated.'];
        const cookie = Buffer.from(crypto.randomUUID()).toString('base64');
        this.#sessions.set(cookie, name);
        return [200, cookie];
      }
      case PATHS.logout:
        if (username === undefined) return [401, 'Logout failed.'];
        this.#endSessions(username);
        return [200, 'Logout success.'];
      case PATHS.unregister:
        if (username === undefined) return [401, 'Unregister user failed.'];
        this.#endSessions(username);
        this.world.unregister(username);
        return [200, 'User unregistered.'];
      default:
        return [404, 'Not found.'];
    }
  }

  #endSessions(username: string): void {
    for (const [cookie, owner] of this.#sessions) if (owner === username) this.#sessions.delete(cookie);
    for (const client of this.#clients) if (client.username === username) client.socket.close(4100, 'Session ended');
  }

  #opened(socket: WebSocket, username: string): void {
    const client: Client = { username, socket, entered: undefined };
    this.#clients.add(client);
    socket.on('close', () => this.#clients.delete(client));
    socket.on('message', (raw) => {
      const frame = decodeClientFrame(Buffer.isBuffer(raw) ? raw.toString() : '');
      if (!frame.ok) return this.#send(client, { type: 'ERROR', ...frame.error });
      this.received.push(frame.value);
      if (this.letIn(frame.value, username)) this.#handle(client, frame.value);
    });
  }

  #handle(client: Client, frame: ClientFrame): void {
    const outcome = this.world.handle(client.username, frame);
    if (frame.type === 'ENTER_REQUEST' && outcome.answer?.type === 'ENTER_RESPONSE') client.entered = frame.channelId;
    if (frame.type === 'LEAVE_REQUEST') client.entered = undefined;
    if (outcome.answer) this.#send(client, outcome.answer);
    for (const { to, frame: note } of outcome.notes) {
      for (const other of this.#clients) {
        const shows = note.type !== 'NOTIFY_MESSAGE' || other.entered === note.channelId;
        if (other !== client && to.includes(other.username) && shows) this.#send(other, note);
      }
    }
  }

  #send({ socket, username }: Client, frame: ServerFrame): void {
    if (this.letOut(frame, username)) socket.send(JSON.stringify(frame));
  }
}
