import type { RecordBatchEntry } from 'kafkajs';
import { toInbound } from './records.js';
import { readRecords, UnreadableRecords } from './unreadable-records.js';

const message = (more: Partial<RecordBatchEntry> = {}): RecordBatchEntry => ({
  key: null,
  value: Buffer.from('text'),
  timestamp: '12',
  attributes: 0,
  offset: '5',
  headers: {},
  ...more,
});

describe('a record as it was read', () => {
  it('has facts that are easy to use', () => {
    expect(toInbound('topic', 3, message({ key: Buffer.from('key'), headers: { a: Buffer.from('1') } }))).toEqual([
      {
        topic: 'topic',
        partition: 3,
        offset: 5n,
        key: 'key',
        value: Buffer.from('text'),
        headers: { a: '1' },
        timestamp: 12,
      },
    ]);
  });

  it('has an empty value when it has none, and of a header given more than once the last', () => {
    const [record] = toInbound('topic', 0, message({ value: null, headers: { a: ['1', '2'], b: undefined } }));
    expect([record?.value.length, record?.headers]).toEqual([0, { a: '2' }]);
  });

  it('needs no headers', () => {
    const { headers: _, ...bare } = message();
    expect(toInbound('topic', 0, bare as RecordBatchEntry)[0]?.headers).toEqual({});
  });
});

describe('reading a batch', () => {
  const decode = (value: Buffer) => {
    const text = value.toString();
    return text.startsWith('bad') ? ({ ok: false, error: text } as const) : ({ ok: true, value: text } as const);
  };
  const batch = (...values: string[]) =>
    values.flatMap((value) => toInbound('topic', 0, message({ value: Buffer.from(value) })));

  it('gives what the records say, in order', () => {
    expect(readRecords(batch('one', 'two'), decode)).toEqual(['one', 'two']);
  });

  it('names every record that cannot be read, and each reason once', () => {
    const records = batch('one', 'bad a', 'bad b', 'bad a');
    const read = () => readRecords(records, decode);
    expect(read).toThrow(UnreadableRecords);
    expect(read).toThrow('unreadable: bad a; bad b');
    try {
      read();
    } catch (error) {
      expect(error instanceof UnreadableRecords && [...error.reasons.keys()]).toEqual(records.slice(1));
    }
  });
});
