import { STAMP_DIGITS } from './clock.js';

const FIN_TEXT = 0x81;
const FIN_CLOSE = 0x88;
const FIN_PONG = 0x8a;
const NORMAL = 1000;
const MASKED = 0x80;
const ZERO = 48;

/** One mask for all frames, so that they can be built once. Not zero: a server need not unmask then, and would look cheap. */
const MASK = Buffer.from([0x5a, 0x13, 0xc7, 0x6e]);

function masked(opcode: number, payload: Buffer): Buffer {
  const header = payload.length < 126 ? 6 : 8;
  const frame = Buffer.allocUnsafe(header + payload.length);
  frame[0] = opcode;
  if (header === 6) {
    frame[1] = MASKED | payload.length;
  } else {
    frame[1] = MASKED | 126;
    frame.writeUInt16BE(payload.length, 2);
  }
  MASK.copy(frame, header - 4);
  for (let i = 0; i < payload.length; i += 1) frame[header + i] = (payload[i] ?? 0) ^ (MASK[i & 3] ?? 0);
  return frame;
}

/** A text frame as a client has to send it. At most 65,535 bytes of text. */
export const textFrame = (text: string): Buffer => masked(FIN_TEXT, Buffer.from(text));
export const pongFrame = (payload: Buffer): Buffer => masked(FIN_PONG, payload);
/** Says that the client is done and nothing has gone wrong. */
export const CLOSE_FRAME = masked(FIN_CLOSE, Buffer.from([NORMAL >> 8, NORMAL & 0xff]));

/** A frame whose digits change from one sending to the next; everything else is masked and ready. */
class DigitsTemplate {
  private readonly frame: Buffer;
  private readonly places: number[];
  private readonly payloadStart: number;

  /** `text` holds runs of `digits` zeros where numbers go. */
  constructor(
    text: string,
    private readonly digits: number,
    places: readonly number[],
  ) {
    this.frame = textFrame(text);
    this.payloadStart = this.frame.length - Buffer.byteLength(text);
    this.places = places.map((place) => this.payloadStart + place);
  }

  /** A copy with `value` at every place. */
  with(value: number): Buffer {
    const frame = Buffer.allocUnsafe(this.frame.length);
    this.frame.copy(frame);
    for (const place of this.places) this.write(frame, place, value);
    return frame;
  }

  private write(frame: Buffer, place: number, value: number): void {
    let rest = value;
    for (let at = place + this.digits - 1; at >= place; at -= 1) {
      const next = Math.floor(rest / 10);
      frame[at] = (ZERO + (rest - next * 10)) ^ (MASK[(at - this.payloadStart) & 3] ?? 0);
      rest = next;
    }
  }
}

/** WRITE_MESSAGE frames of one channel: the stamp is the serial and the beginning of the text. */
export class WriteFrames {
  private readonly template: DigitsTemplate;

  /** `filler` follows the stamp in every text; plain ASCII without quotes. */
  constructor(channelId: number, filler: string) {
    const stamp = '0'.repeat(STAMP_DIGITS);
    const beforeSerial = '{"type":"WRITE_MESSAGE","serial":';
    const beforeText = `,"channelId":${channelId},"content":"`;
    const textAt = beforeSerial.length + STAMP_DIGITS + beforeText.length;
    const text = `${beforeSerial}${stamp}${beforeText}${stamp}${filler}"}`;
    this.template = new DigitsTemplate(text, STAMP_DIGITS, [beforeSerial.length, textAt]);
  }

  at(stamp: number): Buffer {
    return this.template.with(stamp);
  }
}

/** READ_MESSAGE_ACK frames of one channel. */
export class ReadAckFrames {
  private readonly byDigits: DigitsTemplate[] = [];

  constructor(private readonly channelId: number) {}

  at(seq: number): Buffer {
    const digits = String(seq).length;
    return (this.byDigits[digits] ??= this.template(digits)).with(seq);
  }

  private template(digits: number): DigitsTemplate {
    const before = `{"type":"READ_MESSAGE_ACK","channelId":${this.channelId},"messageSeqId":`;
    return new DigitsTemplate(`${before}${'0'.repeat(digits)}}`, digits, [before.length]);
  }
}
