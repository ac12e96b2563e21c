import fc from 'fast-check';
import { CLIENT_FRAME_TYPES, ClientFrame } from './client-frames.js';
import { decodeClientFrame, decodeServerFrame, encodeFrame } from './codec.js';
import { UNKNOWN_TYPE } from './errors.js';
import { ServerFrame } from './server-frames.js';

const id = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const sequence = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
const status = fc.constantFrom('NONE', 'PENDING', 'ACCEPTED', 'REJECTED', 'DISCONNECTED');
const message = fc.record({ channelId: id, messageSeqId: sequence, username: word, content: word });

/** Every field of the protocol by its name: the frames are built from these. */
const FIELDS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  status,
  userInviteCode: word,
  inviteCode: word,
  username: word,
  channelId: id,
  title: fc.string({ unit: 'grapheme' }),
  participantUsernames: fc.array(word),
  serial: fc.option(sequence),
  content: fc.string({ unit: 'binary', minLength: 1, maxLength: 100 }),
  messageSeqId: sequence,
  startMessageSeqId: sequence,
  endMessageSeqId: sequence,
  lastReadMessageSeqId: sequence,
  lastChannelMessageSeqId: sequence,
  connections: fc.array(fc.record({ username: word, status })),
  channels: fc.array(fc.record({ channelId: id, title: word, headCount: fc.nat() })),
  messages: fc.array(message),
  messageType: word,
  message: word,
};

interface Shaped {
  readonly shape: Readonly<Record<string, unknown>> & { readonly type: { readonly value: string } };
}

const anyFrameOf = (options: readonly Shaped[]): fc.Arbitrary<{ type: string }> =>
  fc.oneof(
    ...options.map(({ shape }) => {
      const fields = Object.keys(shape).filter((name) => name !== 'type');
      const values = Object.fromEntries(
        fields.map((name) => [name, FIELDS[name] ?? fc.constant(`${name} has no values to try`)]),
      );
      return fc.record(values).map((filled) => ({ type: shape.type.value, ...filled }));
    }),
  );

describe('any frame', () => {
  it('of a client is read as it was written', () => {
    fc.assert(
      fc.property(anyFrameOf(ClientFrame.options), (frame) => {
        expect(decodeClientFrame(encodeFrame(frame))).toEqual({ ok: true, value: frame });
      }),
    );
  });

  it('of a server is read as it was written', () => {
    fc.assert(
      fc.property(anyFrameOf(ServerFrame.options), (frame) => {
        expect(decodeServerFrame(encodeFrame(frame))).toEqual(frame);
      }),
    );
  });

  it('of a client may carry fields that nobody knows', () => {
    fc.assert(
      fc.property(anyFrameOf(ClientFrame.options), fc.jsonValue(), (frame, value) => {
        expect(decodeClientFrame(JSON.stringify({ ...frame, pad: value }))).toEqual({ ok: true, value: frame });
      }),
    );
  });
});

describe('whatever comes', () => {
  const almost = fc
    .tuple(
      fc.constantFrom(...CLIENT_FRAME_TYPES),
      fc.dictionary(fc.constantFrom(...Object.keys(FIELDS)), fc.jsonValue()),
    )
    .map(([type, fields]) => JSON.stringify({ type, ...fields }));
  const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), almost);

  it('is a frame or gets an ERROR with a sentence, and never throws', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const frame = decodeClientFrame(text);
        if (frame.ok) {
          expect(CLIENT_FRAME_TYPES).toContain(frame.value.type);
        } else {
          expect([...CLIENT_FRAME_TYPES, UNKNOWN_TYPE]).toContain(frame.error.messageType);
          expect(frame.error.message).toMatch(/^(Not a JSON object|Unknown type|Invalid frame: .+)\.$/);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is a frame for a client or nothing, and never throws', () => {
    fc.assert(
      fc.property(anything, (text) => {
        expect(() => decodeServerFrame(text)).not.toThrow();
      }),
    );
  });
});
