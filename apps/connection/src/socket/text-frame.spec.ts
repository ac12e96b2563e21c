import { textFrame } from './text-frame.js';

/** Reads a frame as RFC 6455 describes it. */
function read(frame: Buffer): { opcode: number; isFinal: boolean; isMasked: boolean; text: string } {
  const [first = 0, second = 0] = frame;
  const short = second & 0x7f;
  const [length, start] =
    short === 127 ? [Number(frame.readBigUInt64BE(2)), 10] : short === 126 ? [frame.readUInt16BE(2), 4] : [short, 2];
  expect(frame.length).toBe(start + length);
  const text = frame.toString('utf8', start);
  return { opcode: first & 0x7f, isFinal: (first & 0x80) !== 0, isMasked: (second & 0x80) !== 0, text };
}

describe('a prepared text frame', () => {
  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 200_000])('carries %i bytes', (length) => {
    const text = 'x'.repeat(length);
    expect(read(textFrame(text))).toEqual({ opcode: 1, isFinal: true, isMasked: false, text });
  });

  it.each(['é', '한글', '👍🏽', 'a\u0000b'])('counts bytes, not characters, of %j', (letters) => {
    const text = letters.repeat(60);
    expect(read(textFrame(text)).text).toBe(text);
  });
});
