import { hasCaughtUp, parseMetadata } from './kafka-metadata.js';

const int16 = (value: number) => [(value >> 8) & 255, value & 255];
const int32 = (value: number) => [...int16(value >> 16), ...int16(value)];
const text = (value: string) => [...int16(value.length), ...Buffer.from(value)];
const list = (...items: number[][]) => [...int32(items.length), ...items.flat()];
const integers = (...values: number[]) => list(...values.map(int32));

const broker = (id: number, rack: number[]) => [...int32(id), ...text('127.0.0.1'), ...int32(19093 + id), ...rack];
const partition = (number: number, replicas: number[], inSync: number[]) => [
  ...int16(0),
  ...int32(number),
  ...int32(replicas[0] ?? -1),
  ...integers(...replicas),
  ...integers(...inSync),
];
const topic = (name: string, ...partitions: number[][]) => [...int16(0), ...text(name), 0, ...list(...partitions)];

const NO_RACK = int16(-1);

function answer(...topics: number[][]): Buffer {
  const body = [...int32(1), ...list(broker(1, NO_RACK), broker(2, text('b'))), ...int32(1), ...list(...topics)];
  return Buffer.from([...int32(body.length), ...body]);
}

describe('what a broker tells of its cluster', () => {
  it('is read: brokers, and the replicas of every partition of every topic', () => {
    const bytes = answer(topic('one', partition(0, [1, 2], [1]), partition(1, [2, 1], [2, 1])), topic('two'));
    expect(parseMetadata(bytes)).toEqual({
      brokers: [1, 2],
      partitions: [
        { replicas: [1, 2], inSync: [1] },
        { replicas: [2, 1], inSync: [2, 1] },
      ],
    });
  });
});

describe('a broker that has caught up', () => {
  const brokers = [1, 2];

  it.each([
    ['is in sync wherever it is a replica', [{ replicas: [1, 2], inSync: [2, 1] }], true],
    ['does not mind what it is no replica of', [{ replicas: [2], inSync: [] }], true],
    ['does not mind another that lags', [{ replicas: [1, 2], inSync: [1] }], true],
    ['has nothing to catch up with when there are no topics', [], true],
    [
      'must not lag anywhere',
      [
        { replicas: [1], inSync: [1] },
        { replicas: [1, 2], inSync: [2] },
      ],
      false,
    ],
  ])('%s', (_, partitions, expected) => expect(hasCaughtUp({ brokers, partitions }, 1)).toBe(expected));

  it('takes part', () => expect(hasCaughtUp({ brokers: [2], partitions: [] }, 1)).toBe(false));
});
