import type { FlushQueue } from './flush-queue.js';

/** What a writer needs of the stream under a WebSocket. */
export interface RawSocket {
  /** Bytes accepted but not yet passed to the system. */
  readonly writableLength: number;
  readonly writable: boolean;
  write(bytes: Uint8Array): unknown;
}

/**
 * The one writer of data frames of a socket. Frames of one turn leave in one write. A reader that lets more than
 * `limitBytes` pile up gets nothing any more: `onOverflow` is called once, and the socket has to be closed.
 */
export class SocketWriter {
  private frames: Uint8Array[] = [];
  private queuedBytes = 0;
  /** Bytes that were handed over and not yet reported by `flush`. */
  private handedOver = 0;
  private ended = false;

  constructor(
    private readonly socket: RawSocket,
    private readonly queue: FlushQueue,
    private readonly limitBytes: number,
    private readonly onOverflow: () => void,
  ) {}

  /** False when the frame was not taken, because the socket has ended or is too slow. */
  write(frame: Uint8Array): boolean {
    if (this.ended || !this.hasRoom(frame.length)) return false;
    if (this.frames.push(frame) === 1) this.queue.add(this);
    this.queuedBytes += frame.length;
    return true;
  }

  flush(): number {
    this.handOver();
    const bytes = this.handedOver;
    this.handedOver = 0;
    return bytes;
  }

  /** Writes what is waiting now instead of at the end of the turn. */
  handOver(): void {
    const { frames, queuedBytes } = this;
    const [first] = frames;
    if (first === undefined) return;
    this.frames = [];
    this.queuedBytes = 0;
    if (!this.socket.writable) return;
    this.socket.write(frames.length === 1 ? first : Buffer.concat(frames, queuedBytes));
    this.handedOver += queuedBytes;
  }

  /** Writes what is waiting and takes nothing more. */
  end(): void {
    this.ended = true;
    this.handOver();
  }

  private hasRoom(bytes: number): boolean {
    if (this.fits(bytes)) return true;
    // A burst within one turn says nothing about the reader: what counts is what the system does not take.
    this.handOver();
    if (this.fits(bytes)) return true;
    this.ended = true;
    this.onOverflow();
    return false;
  }

  private fits(bytes: number): boolean {
    const waiting = this.queuedBytes + this.socket.writableLength;
    return waiting === 0 || waiting + bytes <= this.limitBytes;
  }
}
