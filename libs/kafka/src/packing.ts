import type { AddressedRecord } from './records.js';

/** Header of a Kafka record that carries several records: how many. */
export const PACKED = 'parley-packed';

const LENGTH_BYTES = 4;

/**
 * Makes one Kafka record of those that have the same topic and key, because each costs the clients and the broker about
 * as much as a hundred bytes more in another one. Only what leaves in one request anyway is packed, so it delays
 * nothing; the order within a key stays. Its value is every value with its length (32 bits, big-endian) before it.
 */
export function pack(records: readonly AddressedRecord[]): AddressedRecord[] {
  const packs = new Map<string, AddressedRecord[]>();
  const all: AddressedRecord[][] = [];
  for (const record of records) {
    const { topic, key, partition, headers } = record;
    const name = key === null || partition !== undefined || headers !== undefined ? undefined : `${topic} ${key}`;
    const known = name === undefined ? undefined : packs.get(name);
    if (known !== undefined) {
      known.push(record);
      continue;
    }
    const fresh = [record];
    all.push(fresh);
    if (name !== undefined) packs.set(name, fresh);
  }
  return all.map(packOf);
}

/** The values in a packed record; undefined when it is not what `pack` makes. */
export function unpack(packed: Buffer, count: number): Buffer[] | undefined {
  const values: Buffer[] = [];
  let at = 0;
  while (at + LENGTH_BYTES <= packed.length) {
    const start = at + LENGTH_BYTES;
    at = start + packed.readUInt32BE(at);
    values.push(packed.subarray(start, at));
  }
  return at === packed.length && values.length === count ? values : undefined;
}

function packOf(records: readonly AddressedRecord[]): AddressedRecord {
  const [first] = records;
  if (first === undefined) throw new Error('a pack has at least one record');
  if (records.length === 1) return first;
  const { topic, key } = first;
  const values = records.map(({ value }) => (typeof value === 'string' ? Buffer.from(value) : value));
  const packed = Buffer.allocUnsafe(values.reduce((sum, { length }) => sum + LENGTH_BYTES + length, 0));
  let at = 0;
  for (const value of values) {
    at = packed.writeUInt32BE(value.length, at);
    at += value.copy(packed, at);
  }
  return { topic, key, value: packed, headers: { [PACKED]: String(records.length) } };
}
