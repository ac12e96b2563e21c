import fc from 'fast-check';
import { PACKED, pack, unpack } from './packing.js';
import { type AddressedRecord, toInbound } from './records.js';

const record = (key: string | null, value: string, more: Partial<AddressedRecord> = {}): AddressedRecord => ({
  topic: 'topic',
  key,
  value,
  ...more,
});

/** What a consumer of the topic gets, as `key value`. */
const read = (records: readonly AddressedRecord[]): string[] =>
  records.flatMap(({ topic, key, value, headers }) =>
    toInbound(topic, 0, {
      key: key === null ? null : Buffer.from(key),
      value: Buffer.from(value),
      timestamp: '0',
      attributes: 0,
      offset: '7',
      headers: headers ?? {},
    }).map((inbound) => `${inbound.key} ${inbound.value.toString()}`),
  );

describe('packing', () => {
  it('makes one record of those with the same topic and key', () => {
    const packed = pack([record('a', '1'), record('b', '2'), record('a', '3'), record('a', '4', { topic: 'other' })]);
    expect(packed.map(({ topic, key, headers }) => [topic, key, headers?.[PACKED]])).toEqual([
      ['topic', 'a', '2'],
      ['topic', 'b', undefined],
      ['other', 'a', undefined],
    ]);
    expect(read(packed)).toEqual(['a 1', 'a 3', 'b 2', 'a 4']);
  });

  it('leaves records alone that have no key, headers of their own or a chosen partition', () => {
    const records = [
      record(null, '1'),
      record(null, '2'),
      record('a', '3', { headers: { reason: 'x' } }),
      record('a', '4', { headers: { reason: 'y' } }),
      record('a', '5', { partition: 1 }),
      record('a', '6', { partition: 2 }),
    ];
    expect(pack(records)).toEqual(records);
  });

  it('gives every record back, in order within its key', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c'), value: fc.string() })), (made) => {
        const got = read(pack(made.map(({ key, value }) => record(key, value))));
        for (const key of ['a', 'b', 'c']) {
          const sent = made.filter((one) => one.key === key).map(({ value }) => `${key} ${value}`);
          expect(got.filter((one) => one.startsWith(`${key} `))).toEqual(sent);
        }
        expect(got).toHaveLength(made.length);
      }),
    );
  });

  it.each([
    ['a length that reaches beyond the end', Buffer.from([0, 0, 0, 9, 1])],
    ['a rest that is no length', Buffer.from([0, 0, 0, 1, 1, 0])],
    ['fewer records than it says', Buffer.from([0, 0, 0, 1, 1])],
  ])('does not read a pack with %s', (_, packed) => {
    expect(unpack(packed, 2)).toBeUndefined();
  });

  it('hands over a broken pack as it is, so that it is set aside like any unreadable record', () => {
    expect(read([record('a', 'broken', { headers: { [PACKED]: '2' } })])).toEqual(['a broken']);
  });
});
