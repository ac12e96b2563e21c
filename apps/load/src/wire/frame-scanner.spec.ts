import { FrameScanner } from './frame-scanner.js';

const frame = (first: number, payload: Buffer): Buffer => {
  const { length } = payload;
  if (length < 126) return Buffer.concat([Buffer.from([first, length]), payload]);
  const head = Buffer.alloc(length <= 0xffff ? 4 : 10);
  head[0] = first;
  head[1] = length <= 0xffff ? 126 : 127;
  if (length <= 0xffff) head.writeUInt16BE(length, 2);
  else head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
};
const text = (value: string) => frame(0x81, Buffer.from(value));

function seenIn(chunks: readonly Buffer[]): string[] {
  const seen: string[] = [];
  const scanner = new FrameScanner();
  for (const chunk of chunks) {
    const reused = Buffer.from(chunk);
    scanner.push(reused, {
      text: (bytes, start, end) => void seen.push(bytes.toString('utf8', start, end)),
      ping: (payload) => void seen.push(`ping ${payload.toString()}`),
      closed: (code) => void seen.push(`closed ${code}`),
    });
    // The caller reads into the same memory again.
    reused.fill(0);
  }
  return seen;
}

const long = 'l'.repeat(300);
const huge = 'h'.repeat(70_000);
const stream = Buffer.concat([
  text('a'),
  text(long),
  frame(0x89, Buffer.from('hi')),
  text(''),
  frame(0x8a, Buffer.from('pong')),
  text('b'),
  frame(0x88, Buffer.from([0x10, 0x04])),
]);
const expected = ['a', long, 'ping hi', '', 'b', 'closed 4100'];

describe('frames in a stream of bytes', () => {
  it('are found in one chunk', () => expect(seenIn([stream])).toEqual(expected));

  it('are found when every byte comes alone', () =>
    expect(seenIn([...stream].map((byte) => Buffer.from([byte])))).toEqual(expected));

  it('are found wherever the stream is cut in two', () => {
    for (let cut = 0; cut <= stream.length; cut += 1) {
      expect(seenIn([stream.subarray(0, cut), stream.subarray(cut)])).toEqual(expected);
    }
  });

  it('may have a length of 64 bits', () => {
    const bytes = Buffer.concat([text(huge), text('after')]);
    expect(seenIn([bytes.subarray(0, 5), bytes.subarray(5, 60_000), bytes.subarray(60_000)])).toEqual([huge, 'after']);
  });

  it('are refused when the server masks or fragments them', () => {
    expect(() => seenIn([Buffer.from([0x81, 0x81, 1, 2, 3, 4, 5])])).toThrow('masks');
    expect(() => seenIn([Buffer.from([0x01, 0x01, 65])])).toThrow('frame that begins with 1');
  });
});
