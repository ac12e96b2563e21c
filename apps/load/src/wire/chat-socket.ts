import { createConnection, type Socket } from 'node:net';
import { PATHS, SESSION_COOKIE } from '@parley/protocol';
import { nowUs } from './clock.js';
import { CLOSE_FRAME, pongFrame } from './client-frames.js';
import { type FrameSink, FrameScanner } from './frame-scanner.js';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface SocketEvents {
  text(bytes: Buffer, start: number, end: number): void;
  /** An open socket ended; `code` is that of the server's close frame, 1006 without one. */
  ended(socket: ChatSocket, code: number): void;
}

/** Counted over all sockets of a process. */
export interface Traffic {
  bytesIn: number;
  bytesOut: number;
  /** When the bytes that are being read now came in: microseconds since 1970. */
  receivedAtUs: number;
}

/** Gathers what is written in one turn, so that each socket is written to once. */
export class Outgoing {
  private waiting: ChatSocket[] = [];

  add(socket: ChatSocket): void {
    this.waiting.push(socket);
  }

  flush(): void {
    const { waiting } = this;
    if (waiting.length === 0) return;
    this.waiting = [];
    for (const socket of waiting) socket.flush();
  }
}

const ABNORMAL = 1006;
const END_OF_HEAD = '\r\n\r\n';
const SWITCHING = /^HTTP\/1\.1 101 /;
const CONNECT_TIMEOUT_MS = 20_000;

/** All sockets are read into the same memory: each chunk is done with before the next is read. */
const READ_BUFFER = Buffer.allocUnsafeSlow(256 * 1024);

export interface SocketOptions {
  readonly to: Address;
  /** Value of the session cookie. */
  readonly cookie: string;
  /** Source address; the system's choice when absent. */
  readonly from?: string | undefined;
  readonly events: SocketEvents;
  readonly outgoing: Outgoing;
  readonly traffic: Traffic;
}

/** A WebSocket with no more than the load needs: text frames that are built elsewhere, pongs, and the end. */
export class ChatSocket {
  isEnded = false;
  private readonly stream: Socket;
  private readonly scanner = new FrameScanner();
  private readonly sink: FrameSink;
  private head: string | undefined = '';
  private frames: Buffer[] = [];
  private closeCode = ABNORMAL;
  private settle: ((error?: Error) => void) | undefined;

  private constructor(private readonly options: SocketOptions) {
    const { to, from, events } = options;
    this.sink = {
      text: (bytes, start, end) => events.text(bytes, start, end),
      ping: (payload) => this.send(pongFrame(payload)),
      closed: (code) => {
        this.closeCode = code;
        this.stream.end();
      },
    };
    this.stream = createConnection({
      ...to,
      ...(from !== undefined && { localAddress: from }),
      noDelay: true,
      onread: {
        buffer: READ_BUFFER,
        callback: (length, bytes) => {
          this.received(Buffer.from(bytes.buffer, bytes.byteOffset, length));
          return true;
        },
      },
    });
  }

  /** Resolves when the server has switched to WebSocket; rejects with what it said instead. */
  static open(options: SocketOptions): Promise<ChatSocket> {
    const socket = new ChatSocket(options);
    return new Promise((resolve, reject) => {
      const timeout = setTimeout(() => socket.stream.destroy(new Error('no answer in time')), CONNECT_TIMEOUT_MS);
      socket.settle = (error) => {
        socket.settle = undefined;
        clearTimeout(timeout);
        if (error === undefined) resolve(socket);
        else reject(error);
      };
      socket.begin();
    });
  }

  /** Sends the frame with the next flush. */
  send(frame: Buffer): void {
    if (this.frames.push(frame) === 1) this.options.outgoing.add(this);
  }

  flush(): void {
    const [first] = this.frames;
    if (first === undefined) return;
    const bytes = this.frames.length === 1 ? first : Buffer.concat(this.frames);
    this.frames = [];
    this.options.traffic.bytesOut += bytes.length;
    if (this.stream.writable) this.stream.write(bytes);
  }

  /** Ends the connection without a word, as a network does. */
  cut(): void {
    this.stream.resetAndDestroy();
  }

  /** With a word: what was sent to a socket that ends without one goes to push, which would be work after the load. */
  close(): void {
    this.send(CLOSE_FRAME);
    this.flush();
    this.stream.end();
  }

  private begin(): void {
    const { to, cookie } = this.options;
    this.stream.on('error', (error) => this.settle?.(error));
    this.stream.on('close', () => {
      this.isEnded = true;
      if (this.settle) this.settle(new Error('closed before it was open'));
      else this.options.events.ended(this, this.closeCode);
    });
    const lines = [
      `GET ${PATHS.webSocket} HTTP/1.1`,
      `Host: ${to.host}:${to.port}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Key: bG9hZCBnZW5lcmF0b3IhIQ==',
      'Sec-WebSocket-Version: 13',
      `Cookie: ${SESSION_COOKIE}=${cookie}`,
    ];
    this.stream.write(`${lines.join('\r\n')}${END_OF_HEAD}`);
  }

  private received(bytes: Buffer): void {
    this.options.traffic.bytesIn += bytes.length;
    this.options.traffic.receivedAtUs = nowUs();
    if (this.head === undefined) this.scanner.push(bytes, this.sink);
    else this.upgrade(bytes);
    this.options.outgoing.flush();
  }

  private upgrade(bytes: Buffer): void {
    const head = (this.head ?? '') + bytes.toString('latin1');
    const end = head.indexOf(END_OF_HEAD);
    if (end === -1) {
      this.head = head;
      return;
    }
    if (!SWITCHING.test(head)) {
      this.stream.destroy(new Error(`refused: ${head.split('\r\n', 1)[0]}`));
      return;
    }
    this.head = undefined;
    const frames = Buffer.from(head.slice(end + END_OF_HEAD.length), 'latin1');
    this.settle?.();
    if (frames.length > 0) this.scanner.push(frames, this.sink);
  }
}
