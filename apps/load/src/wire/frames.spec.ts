import { decodeClientFrame, type ServerFrame } from '@parley/protocol';
import { ReadAckFrames, WriteFrames } from './client-frames.js';
import { ByteReader } from './server-frames.js';

/** What a server reads in a masked frame. */
function unmasked(frame: Buffer): string {
  const start = (frame[1] ?? 0) === 0xfe ? 8 : 6;
  const mask = frame.subarray(start - 4, start);
  return Buffer.from(frame.subarray(start).map((byte, i) => byte ^ (mask[i % 4] ?? 0))).toString();
}

describe('prebuilt frames', () => {
  it.each([10, 200])('carry the stamp as serial and text, with a filler of %p', (bytes) => {
    const frame = new WriteFrames(42, 'x'.repeat(bytes)).at(1_790_000_123_456_789);
    expect(decodeClientFrame(unmasked(frame))).toEqual({
      ok: true,
      value: {
        type: 'WRITE_MESSAGE',
        serial: 1_790_000_123_456_789,
        channelId: 42,
        content: `1790000123456789${'x'.repeat(bytes)}`,
      },
    });
  });

  it.each([1, 9, 10, 99_999, 100_000])('acknowledge sequence %p', (seq) => {
    const frames = new ReadAckFrames(7);
    frames.at(12_345);
    expect(JSON.parse(unmasked(frames.at(seq)))).toEqual({ type: 'READ_MESSAGE_ACK', channelId: 7, messageSeqId: seq });
  });
});

describe('frames of the server', () => {
  const read = (text: string) => {
    const seen: unknown[] = [];
    const reader = new ByteReader();
    const bytes = Buffer.from(`before${text}after`);
    reader.read(bytes, 6, bytes.length - 5, {
      notified: (seq, stamp) => void seen.push(['notified', seq, stamp]),
      acknowledged: (serial, seq) => void seen.push(['acknowledged', serial, seq]),
      other: (frame: ServerFrame) => void seen.push(frame.type),
    });
    return { seen, slow: reader.slow };
  };
  const notify = {
    type: 'NOTIFY_MESSAGE',
    channelId: 12,
    messageSeqId: 345,
    username: 'l1x7',
    content: `1790000123456789${'x'.repeat(50)}`,
  };
  const ack = { type: 'WRITE_MESSAGE_ACK', serial: 1_790_000_123_456_789, messageSeqId: 6 };

  it('are read by their bytes when they come in masses', () => {
    expect(read(JSON.stringify(notify))).toEqual({ seen: [['notified', 345, 1_790_000_123_456_789]], slow: 0 });
    expect(read(JSON.stringify(ack))).toEqual({ seen: [['acknowledged', 1_790_000_123_456_789, 6]], slow: 0 });
  });

  it('are parsed when their fields come in another order', () => {
    const { type, ...rest } = notify;
    const turned = { type, ...Object.fromEntries(Object.entries(rest).reverse()) };
    expect(read(JSON.stringify(turned))).toEqual({ seen: [['notified', 345, 1_790_000_123_456_789]], slow: 1 });
    expect(read('{"type":"WRITE_MESSAGE_ACK","messageSeqId":6,"serial":5}')).toEqual({
      seen: [['acknowledged', 5, 6]],
      slow: 1,
    });
  });

  it('are handed on when they are something else', () => {
    expect(read('{"type":"LEAVE_RESPONSE"}')).toEqual({ seen: ['LEAVE_RESPONSE'], slow: 1 });
    expect(read('{"type":"NOTIFY_JOIN","channelId":1,"title":"t"}').seen).toEqual(['NOTIFY_JOIN']);
    expect(read('{"type":"SOMETHING_NEW"}').seen).toEqual([]);
  });
});
