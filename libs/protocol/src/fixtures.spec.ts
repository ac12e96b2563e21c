import { clientFixtures, malformedTexts, serverFixtures } from '../test/golden-frames.js';
import { CLIENT_FRAME_TYPES } from './client-frames.js';
import { decodeClientFrame, decodeServerFrame, encodeFrame } from './codec.js';
import { ServerFrame } from './server-frames.js';

/** One row for each frame: its type, what is special about it, the frame. */
const rows = <F extends { name: string }, X extends { type: string }>(
  fixtures: readonly X[],
  of: (fixture: X) => F[],
) => fixtures.flatMap((fixture) => of(fixture).map((row) => ({ ...row, type: fixture.type })));

describe('the golden frames', () => {
  it('cover every frame of a client, and no other', () => {
    expect(clientFixtures.map(({ type }) => type)).toEqual([...CLIENT_FRAME_TYPES].toSorted());
  });

  it('cover every frame of a server, and no other', () => {
    const types = ServerFrame.options.map((option) => option.shape.type.value);
    expect(serverFixtures.map(({ type }) => type)).toEqual(types.toSorted());
  });
});

describe('frames of clients', () => {
  it.each(rows(clientFixtures, ({ valid }) => valid))('$type is read: $name', ({ frame, read = frame }) => {
    expect(decodeClientFrame(JSON.stringify(frame))).toEqual({ ok: true, value: read });
  });

  it.each(clientFixtures)('$type comes out of the codec as it went in', ({ valid: [first] }) => {
    const text = JSON.stringify(first?.frame);
    const frame = decodeClientFrame(text);
    expect(frame.ok && encodeFrame(frame.value)).toBe(text);
  });

  it.each(rows(clientFixtures, ({ invalid }) => invalid))('$type is refused: $name', ({ type, frame, error }) => {
    expect(decodeClientFrame(JSON.stringify(frame))).toEqual({
      ok: false,
      error: { messageType: type, message: error },
    });
  });

  it.each(malformedTexts)('are refused when they are none: $name', ({ text, error }) => {
    expect(decodeClientFrame(text)).toEqual({ ok: false, error });
  });
});

describe('frames of servers', () => {
  it.each(rows(serverFixtures, ({ valid }) => valid))('$type keeps its exact text: $name', ({ frame }) => {
    const text = JSON.stringify(frame);
    const read = decodeServerFrame(text);
    expect(read && encodeFrame(read)).toBe(text);
  });

  it.each(rows(serverFixtures, ({ invalid }) => invalid))('$type is dropped: $name', ({ frame }) => {
    expect(decodeServerFrame(JSON.stringify(frame))).toBeUndefined();
  });

  it.each(['', 'hello', '[]', '{}', '{"type":"WRITE_MESSAGE"}'])('%j is none and is dropped', (text) => {
    expect(decodeServerFrame(text)).toBeUndefined();
  });
});
