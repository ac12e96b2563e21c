import { readdirSync, readFileSync } from 'node:fs';
import { LIMITS } from '@parley/protocol';
import fc from 'fast-check';

/** What the frames are about, beside what nobody has heard of. */
export interface Targets {
  /** Channels of the sender, and one that belongs to others. */
  readonly channels: readonly number[];
  readonly names: readonly string[];
}

const folder = new URL('../../libs/protocol/fixtures/client/', import.meta.url);
const Golden = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), 'utf8').trim());

const PROTOTYPE_NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'then'];
const HOSTILE_TEXTS = [
  "'; DROP TABLE message; --",
  "' OR '1'='1",
  '${7*7}{{7*7}}',
  '<script>alert(1)</script>',
  '../../etc/passwd',
  '\u0000\u202e\ufeff',
  '%s%n%d',
  'a\r\nSet-Cookie: x=y',
];
/** As they are written: most of these numbers cannot be said in another way. */
const HOSTILE_VALUES = [
  '1e999',
  '-1e999',
  '9007199254740993',
  '99999999999999999999999999',
  '-0',
  '1e-400',
  '0.1',
  'null',
  'true',
  '[]',
  '{}',
  '[[[]]]',
  '{"__proto__":{"type":"KEEP_ALIVE"}}',
  '"9007199254740993"',
  '"-1"',
  '"NaN"',
];

const hostileText = fc.oneof(fc.constantFrom(...HOSTILE_TEXTS, ...PROTOTYPE_NAMES), fc.string({ unit: 'binary' }));
const anyValue = fc.oneof(
  fc.constantFrom(...HOSTILE_VALUES),
  hostileText.map((text) => JSON.stringify(text)),
  fc.integer().map(String),
  fc.json({ maxDepth: 3 }),
);

/** Nested as deep as fits into a frame. */
const deep = fc
  .tuple(fc.integer({ min: 100, max: 4_000 }), fc.constantFrom('type', 'content', 'channelId'), fc.boolean())
  .map(([depth, field, closed]) => `{"${field}":${'['.repeat(depth)}${closed ? ']'.repeat(depth) : ''}}`);

/** Changes of a text that a parser has to survive: something cut out, doubled, put in, or cut off. */
const mutated = (text: fc.Arbitrary<string>) =>
  fc
    .tuple(text, fc.array(fc.tuple(fc.nat(), fc.nat(8), fc.string({ unit: 'binary', maxLength: 4 })), { maxLength: 4 }))
    .map(([start, edits]) =>
      edits.reduce((at, [where, length, inserted]) => {
        const from = where % (at.length + 1);
        return at.slice(0, from) + inserted + at.slice(from + (where % 2 === 0 ? length : -length));
      }, start),
    );

/** Frames of every type as they should be, with fields of the given targets in place of the ones in the fixtures. */
function aimed({ channels, names }: Targets): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...Golden), fc.constantFrom(...channels), fc.constantFrom(...names), fc.nat(20), fc.nat())
    .map(([golden, channelId, name, seq, serial]) => {
      const frame: Record<string, unknown> = JSON.parse(golden);
      const values: Record<string, unknown> = {
        channelId,
        serial,
        username: name,
        participantUsernames: [name],
        messageSeqId: seq,
        startMessageSeqId: 0,
        endMessageSeqId: seq,
      };
      return JSON.stringify(Object.fromEntries(Object.keys(frame).map((key) => [key, values[key] ?? frame[key]])));
    });
}

/** A frame in which some fields have values that they should not have, or come twice. */
const withStrangeFields = (frame: fc.Arbitrary<string>) =>
  fc.tuple(frame, fc.array(fc.tuple(fc.nat(), anyValue), { minLength: 1, maxLength: 3 })).map(([text, strange]) => {
    const frameKeys = Object.keys(JSON.parse(text)).filter((key) => key !== 'type');
    const keys = [...frameKeys, ...PROTOTYPE_NAMES, 'type'];
    const added = strange.map(([choice, value]) => `${JSON.stringify(keys[choice % keys.length])}:${value}`);
    return `${text.slice(0, -1)},${added.join(',')}}`;
  });

const fits = (text: string): boolean => Buffer.from(text).toString().length <= LIMITS.frameCharacters;

/** Whatever somebody may put into a text frame that is not too long. */
export function hostileFrame(targets: Targets): fc.Arbitrary<string> {
  const good = aimed(targets);
  return fc
    .oneof(
      { weight: 3, arbitrary: good },
      { weight: 4, arbitrary: withStrangeFields(good) },
      { weight: 4, arbitrary: mutated(good) },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 300 }) },
      { weight: 1, arbitrary: fc.json() },
      { weight: 1, arbitrary: deep },
      { weight: 1, arbitrary: fc.constantFrom(...PROTOTYPE_NAMES).map((name) => JSON.stringify({ type: name })) },
    )
    .filter(fits);
}
