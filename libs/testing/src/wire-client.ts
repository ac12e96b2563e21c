import {
  type ClientFrame,
  decodeServerFrame,
  PATHS,
  SESSION_COOKIE,
  type ServerFrame,
  type ServerFrameOf,
  type ServerFrameType,
} from '@parley/protocol';
import { WebSocket } from 'ws';
import { eventually } from './eventually.js';

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** A failure names the oldest of the frames that nobody has taken, not all of a flood. */
const SHOWN_UNREAD = 20;

/** A bare socket that speaks the protocol as written: no retries, no reordering, every frame kept as it came. */
export class WireClient implements AsyncDisposable {
  /** Everything received, in order, as text. */
  readonly received: string[] = [];
  private readonly unread: ServerFrame[] = [];
  private waiting: (() => void)[] = [];
  closed: Closed | undefined;

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => {
      const text = data.toString();
      this.received.push(text);
      const frame = decodeServerFrame(text);
      if (frame === undefined) throw new Error(`The server sent a frame that the protocol does not know: ${text}`);
      this.unread.push(frame);
      this.wake();
    });
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: String(reason) };
      this.wake();
    });
    socket.on('error', () => this.wake());
  }

  /** @param server origin of a load balancer or of one connection server, e.g. `http://127.0.0.1:18080`. */
  static async connect(
    server: string,
    session: string | undefined,
    headers: Record<string, string> = {},
    query: Record<string, string> = {},
  ): Promise<WireClient> {
    const url = new URL(PATHS.webSocket, server.replace(/^http/, 'ws'));
    url.search = new URLSearchParams(query).toString();
    const socket = new WebSocket(url, {
      perMessageDeflate: false,
      headers: { ...(session !== undefined && { cookie: `${SESSION_COOKIE}=${session}` }), ...headers },
    });
    const client = new WireClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
      socket.once('unexpected-response', (request, response) => {
        reject(new Error(`Upgrade refused with ${response.statusCode}`));
        // Left to whoever listens for this; a load balancer would keep the connection open.
        request.destroy();
      });
    });
    return client;
  }

  send(frame: ClientFrame | { readonly type: string } | Record<string, unknown>): void {
    this.socket.send(JSON.stringify(frame));
  }

  sendRaw(data: string | Buffer): void {
    this.socket.send(data);
  }

  /** The next frame of a type (and, if given, one that fits); takes it and leaves the others. */
  next<T extends ServerFrameType>(
    type: T,
    fits: (frame: ServerFrameOf<T>) => boolean = () => true,
    withinMs = 10_000,
  ): Promise<ServerFrameOf<T>> {
    const isWanted = (frame: ServerFrame): frame is ServerFrameOf<T> =>
      frame.type === type && fits(frame as ServerFrameOf<T>);
    return this.nextWhere(isWanted, type, withinMs);
  }

  /** Sends and awaits the answer of a type; an ERROR to this frame instead fails. */
  async ask<T extends ServerFrameType>(
    frame: { readonly type: string } & Record<string, unknown>,
    type: T,
  ): Promise<ServerFrameOf<T>> {
    this.send(frame);
    const isAnswer = (one: ServerFrame): one is ServerFrameOf<T> | ServerFrameOf<'ERROR'> =>
      one.type === type || (one.type === 'ERROR' && one.messageType === frame.type);
    const answer = await this.nextWhere(isAnswer, type, 10_000);
    if (answer.type === 'ERROR') throw new Error(`${frame.type}: ${(answer as ServerFrameOf<'ERROR'>).message}`);
    return answer as ServerFrameOf<T>;
  }

  /** Sends and awaits the text of the ERROR it earns. */
  async askError(frame: { readonly type: string } & Record<string, unknown>): Promise<string> {
    this.send(frame);
    return (await this.next('ERROR', (error) => error.messageType === frame.type)).message;
  }

  /** All unread frames of a type, taken. */
  take<T extends ServerFrameType>(type: T): ServerFrameOf<T>[] {
    const taken = this.unread.filter((frame): frame is ServerFrameOf<T> => frame.type === type);
    for (const frame of taken) this.unread.splice(this.unread.indexOf(frame), 1);
    return taken;
  }

  async untilClosed(withinMs = 10_000): Promise<Closed> {
    return eventually(() => this.closed ?? Promise.reject(new Error('still open')), withinMs);
  }

  /**
   * Waits until everything sent to this socket so far has arrived: an answer is the last in its order. Makes
   * "nothing came" a fact instead of a guess about time.
   */
  async settle(): Promise<void> {
    await this.ask({ type: 'FETCH_USER_INVITECODE_REQUEST' }, 'FETCH_USER_INVITECODE_RESPONSE');
  }

  /** Stops reading, so that what the server sends piles up. */
  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  /** Cuts the connection without a close frame. */
  cut(): void {
    this.socket.terminate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.closed !== undefined) return;
    this.socket.close();
    await this.untilClosed(2_000).catch(() => this.socket.terminate());
  }

  private async nextWhere<F extends ServerFrame>(
    isWanted: (frame: ServerFrame) => frame is F,
    what: string,
    withinMs: number,
  ): Promise<F> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const found = this.unread.find(isWanted);
      if (found !== undefined) {
        this.unread.splice(this.unread.indexOf(found), 1);
        return found;
      }
      const left = deadline - Date.now();
      if (left <= 0 || this.closed !== undefined) {
        const state = this.closed === undefined ? 'still open' : `closed with ${this.closed.code}`;
        const unread = JSON.stringify(this.unread.slice(0, SHOWN_UNREAD));
        throw new Error(`No ${what} within ${withinMs} ms (${state}); ${this.unread.length} unread: ${unread}`);
      }
      await this.wakeUp(left);
    }
  }

  private wake(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }

  private wakeUp(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
