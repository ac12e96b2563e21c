import { decodeServerFrame, type ServerFrame } from '@parley/protocol';
import { STAMP_DIGITS } from './clock.js';

/** The two frames that come in masses, read by looking at bytes. */
export interface FrameReader {
  /** A message of somebody else, written at `stamp` (microseconds since 1970, by whoever sent it). */
  notified(seq: number, stamp: number): void;
  acknowledged(serial: number, seq: number): void;
  /** Everything else, and whatever is not written as expected. */
  other(frame: ServerFrame): void;
}

const NOTIFY_HEAD = '{"type":"NOTIFY_MESSAGE","channelId":';
const ACK_HEAD = '{"type":"WRITE_MESSAGE_ACK","serial":';
const SEQ_KEY = ',"messageSeqId":';
const NAME_KEY = ',"username":"';
const TEXT_KEY = '","content":"';

const TYPE_AT = '{"type":"'.length;
const NOTIFY_LETTER_AT = '{"type":"NOTIFY_'.length;
const [N, M, W, A] = Buffer.from('NMWA');
const ACK_LETTER_AT = '{"type":"WRITE_MESSAGE_'.length;
const [QUOTE = 0, COMMA, ZERO = 0, NINE = 0, LOWER_M, LOWER_U, LOWER_C] = Buffer.from('",09muc');

/** Reads frames without parsing them where it can; `slow` counts those that had to be parsed. */
export class ByteReader {
  slow = 0;
  private value = 0;

  read(bytes: Buffer, start: number, end: number, reader: FrameReader): void {
    const letter = bytes[start + TYPE_AT];
    if (letter === N && bytes[start + NOTIFY_LETTER_AT] === M && this.notify(bytes, start, end, reader)) return;
    if (letter === W && bytes[start + ACK_LETTER_AT] === A && this.acknowledge(bytes, start, reader)) return;
    this.slow += 1;
    const frame = decodeServerFrame(bytes.toString('utf8', start, end));
    if (frame === undefined) return;
    if (frame.type === 'NOTIFY_MESSAGE') {
      reader.notified(frame.messageSeqId, Number(frame.content.slice(0, STAMP_DIGITS)));
    } else if (frame.type === 'WRITE_MESSAGE_ACK' && frame.serial !== null) {
      reader.acknowledged(frame.serial, frame.messageSeqId);
    } else {
      reader.other(frame);
    }
  }

  private notify(bytes: Buffer, start: number, end: number, reader: FrameReader): boolean {
    let at = this.number(bytes, start + NOTIFY_HEAD.length);
    if (bytes[at] !== COMMA || bytes[at + 2] !== LOWER_M) return false;
    at = this.number(bytes, at + SEQ_KEY.length);
    const seq = this.value;
    if (bytes[at] !== COMMA || bytes[at + 2] !== LOWER_U) return false;
    at += NAME_KEY.length;
    while (at < end && bytes[at] !== QUOTE) at += 1;
    if (bytes[at + 3] !== LOWER_C) return false;
    at += TEXT_KEY.length;
    if (this.number(bytes, at) - at < STAMP_DIGITS) return false;
    reader.notified(seq, this.value);
    return true;
  }

  private acknowledge(bytes: Buffer, start: number, reader: FrameReader): boolean {
    const at = this.number(bytes, start + ACK_HEAD.length);
    const serial = this.value;
    if (bytes[at] !== COMMA || bytes[at + 2] !== LOWER_M) return false;
    this.number(bytes, at + SEQ_KEY.length);
    reader.acknowledged(serial, this.value);
    return true;
  }

  /** Reads digits, at most as many as a stamp has, and returns the position after them. */
  private number(bytes: Buffer, from: number): number {
    let value = 0;
    let at = from;
    for (; at < from + STAMP_DIGITS; at += 1) {
      const byte = bytes[at] ?? 0;
      if (byte < ZERO || byte > NINE) break;
      value = value * 10 + byte - ZERO;
    }
    this.value = value;
    return at;
  }
}
