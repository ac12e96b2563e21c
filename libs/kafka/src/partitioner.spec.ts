import { createRequire } from 'node:module';
import { partitionOf } from './partitioner.js';

const original: unknown = createRequire(import.meta.url)('kafkajs/src/producer/partitioners/default/murmur2.js');

describe('partitionOf', () => {
  it('agrees with the partitioner of the official clients', () => {
    // Known values of the Java client's murmur2 for these keys.
    expect(partitionOf('21', 2 ** 31)).toBe(-973932308 & 0x7fffffff);
    expect(partitionOf('foobar', 2 ** 31)).toBe(-790332482 & 0x7fffffff);
    expect(partitionOf('a-little-bit-long-string', 2 ** 31)).toBe(-985981536 & 0x7fffffff);
    expect(partitionOf('lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', 2 ** 31)).toBe(-58897971 & 0x7fffffff);
  });

  it('agrees with kafkajs for keys of every length and alphabet', () => {
    if (typeof original !== 'function') throw new Error('kafkajs has moved its murmur2');
    const murmur2 = (key: string) => Number(Reflect.apply(original, undefined, [key]));
    for (let i = 0; i < 2_000; i++) {
      const key = ['', 'ø', '漢', '😀', 'x'][i % 5] + 'k'.repeat(i % 9) + String(i * 7_919);
      expect(partitionOf(key, 6)).toBe((murmur2(key) & 0x7fffffff) % 6);
    }
  });
});
