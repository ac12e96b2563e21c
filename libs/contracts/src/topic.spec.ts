import { z } from 'zod';
import { sampleRecords } from '../test/sample-records.js';
import { connectionPresence } from './connection-presence.js';
import { messageRelay, MessageRelay } from './message-relay.js';
import { MessageRequest } from './message-request.js';
import { topic } from './topic.js';

/** The same JSON with a field that nobody knows in every object. */
function padded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(padded);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([name, inner]) => [name, padded(inner)]);
  return { ...Object.fromEntries(fields), fromTheFuture: { a: 1 } };
}

const fieldsOf = (text: string): [string, unknown][] =>
  Object.entries(z.record(z.string(), z.json()).parse(JSON.parse(text)));

/** Fields that records of an earlier version do not have. */
const ADDED = new Set(['part', 'notice']);

const everyField = sampleRecords.flatMap((sample) =>
  fieldsOf(sample.text)
    .filter(([field]) => !ADDED.has(field))
    .map(([field]) => ({ ...sample, field, fields: fieldsOf(sample.text) })),
);

describe.each(sampleRecords)('$topic: $name', ({ text, key, read }) => {
  it('is read, keyed and written as agreed', () => {
    expect(read(text)).toEqual({ ok: true, record: JSON.parse(text), key, written: text });
  });

  it('is read from bytes in the middle of a larger buffer', () => {
    const bytes = Buffer.from(`xx${text}xx`);
    expect(read(bytes.subarray(2, -2))).toMatchObject({ ok: true, written: text });
  });

  it('may carry what a newer service adds, anywhere', () => {
    expect(read(JSON.stringify(padded(JSON.parse(text))))).toMatchObject({ ok: true, written: text });
  });
});

describe('a record that cannot be read', () => {
  it.each(everyField)('$topic: $name without $field names the field', ({ field, fields, read }) => {
    const rest = Object.fromEntries(fields.filter(([name]) => name !== field));
    expect(read(JSON.stringify(rest))).toEqual({ ok: false, reason: expect.stringContaining(field) as unknown });
  });

  it.each(['', 'hello', '{"kind":', '\u0000'])('is told from one that lacks something: %j is not JSON', (value) => {
    for (const { read } of sampleRecords) expect(read(value)).toEqual({ ok: false, reason: 'not JSON' });
  });

  it.each(['null', '1', '[]', '"WRITE"', '{}'])('gives a reason for %s', (value) => {
    for (const { read } of sampleRecords) expect(read(value)).toMatchObject({ ok: false });
  });

  it('says where in the record the trouble is', () => {
    const text = '{"kind":"READS","channelId":2,"server":"1","positions":[{"userId":0,"connection":"c","seq":1}]}';
    expect(messageRelay.decode(text)).toEqual({
      ok: false,
      error: 'positions.0.userId: userId must be a positive whole number',
    });
  });
});

it('a snapshot of an earlier version is whole', () => {
  const text = '{"kind":"SNAPSHOT","server":"1","boot":"b00t","connections":[],"cursors":[]}';
  expect(connectionPresence.decode(text)).toMatchObject({ ok: true, value: { part: { index: 0, last: true } } });
});

describe('the samples', () => {
  const kinds = (name: string): string[] => {
    const texts = sampleRecords.filter((sample) => sample.topic === name).map(({ text }) => text);
    return [...new Set(texts.map((text) => String(Object.fromEntries(fieldsOf(text))['kind'])))].toSorted();
  };

  it('leave out no kind of record', () => {
    expect(kinds('message-relay')).toEqual(MessageRelay.options.map(({ shape }) => shape.kind.value).toSorted());
    expect(kinds('message-request')).toEqual(MessageRequest.options.map(({ shape }) => shape.kind.value).toSorted());
    expect(kinds('connection-presence')).toEqual(['DELTA', 'GONE', 'SNAPSHOT']);
    expect(kinds('connection-control')).toEqual(['SESSION_ENDED', 'SNAPSHOT_WANTED']);
  });
});

it('a topic is a name, a schema and a key', () => {
  const sample = topic('sample', z.object({ id: z.int() }), ({ id }) => `id-${id}`);
  expect([sample.name, sample.key({ id: 5 }), sample.encode({ id: 5 })]).toEqual(['sample', 'id-5', '{"id":5}']);
});
