/** What a server sends, frame by frame. The bytes are only valid during the call. */
export interface FrameSink {
  /** A whole text message lies in `bytes` from `start` to before `end`. */
  text(bytes: Buffer, start: number, end: number): void;
  ping(payload: Buffer): void;
  closed(code: number): void;
}

const TEXT = 0x1;
const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;
const FIN = 0x80;
const NO_STATUS = 1005;

/** Finds the frames in the bytes of one server (RFC 6455, unmasked, not fragmented), however they are cut into chunks. */
export class FrameScanner {
  private rest: Buffer | undefined;

  /** `chunk` may be used again by the caller afterwards. Throws on what a Parley server never sends. */
  push(chunk: Buffer, sink: FrameSink): void {
    const bytes = this.rest === undefined ? chunk : Buffer.concat([this.rest, chunk]);
    const end = this.frames(bytes, sink);
    this.rest = end < bytes.length ? Buffer.from(bytes.subarray(end)) : undefined;
  }

  /** Returns where the first incomplete frame begins. */
  private frames(bytes: Buffer, sink: FrameSink): number {
    let at = 0;
    while (at + 2 <= bytes.length) {
      const first = bytes[at] ?? 0;
      let length = bytes[at + 1] ?? 0;
      let start = at + 2;
      if (length === 126) {
        if (at + 4 > bytes.length) return at;
        length = bytes.readUInt16BE(start);
        start += 2;
      } else if (length === 127) {
        if (at + 10 > bytes.length) return at;
        length = Number(bytes.readBigUInt64BE(start));
        start += 8;
      } else if (length > 127) {
        throw new Error('the server masks its frames');
      }
      const end = start + length;
      if (end > bytes.length) return at;
      emit(first, bytes, start, end, sink);
      at = end;
    }
    return at;
  }
}

function emit(first: number, bytes: Buffer, start: number, end: number, sink: FrameSink): void {
  if (first === (FIN | TEXT)) return sink.text(bytes, start, end);
  if (first === (FIN | PING)) return sink.ping(bytes.subarray(start, end));
  if (first === (FIN | CLOSE)) return sink.closed(end - start >= 2 ? bytes.readUInt16BE(start) : NO_STATUS);
  if (first !== (FIN | PONG)) throw new Error(`the server sent a frame that begins with ${first.toString(16)}`);
}
