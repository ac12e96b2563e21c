import { once } from 'node:events';
import { decodeServerFrame, encodeFrame, PATHS, SESSION_COOKIE, type ServerFrame } from '@parley/protocol';
import { WebSocket } from 'ws';

/** One socket that asks one thing after the other and times the answers. */
export class Asker {
  readonly #socket: WebSocket;
  #answered: (frame: ServerFrame) => void = () => undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => {
      const frame = Buffer.isBuffer(data) ? decodeServerFrame(data.toString()) : undefined;
      if (frame !== undefined) this.#answered(frame);
    });
  }

  static async open(url: string, cookie: string): Promise<Asker> {
    const socket = new WebSocket(url.replace(/^http/, 'ws') + PATHS.webSocket, {
      perMessageDeflate: false,
      headers: { Cookie: `${SESSION_COOKIE}=${cookie}` },
    });
    const asker = new Asker(socket);
    await once(socket, 'open');
    return asker;
  }

  /** The answer and how long it took, in microseconds. */
  async ask(request: { readonly type: string; readonly [field: string]: unknown }): Promise<[ServerFrame, number]> {
    const began = performance.now();
    const answer = new Promise<ServerFrame>((resolve) => {
      this.#answered = resolve;
    });
    this.#socket.send(encodeFrame(request));
    return [await answer, (performance.now() - began) * 1000];
  }

  close(): void {
    this.#socket.close();
  }
}
