import type { ICustomPartitioner } from 'kafkajs';

const MIX = 0x5bd1e995;
const SEED = 0x9747b28c;

/** Kafka's murmur2, in 32-bit arithmetic. */
function murmur2(data: Buffer): number {
  let hash = SEED ^ data.length;
  const words = data.length >> 2;
  for (let word = 0; word < words; word++) {
    let k = Math.imul(data.readInt32LE(word * 4), MIX);
    k = Math.imul(k ^ (k >>> 24), MIX);
    hash = Math.imul(hash, MIX) ^ k;
  }
  const rest = data.length & 3;
  if (rest > 0) {
    for (let i = rest - 1; i >= 0; i--) hash ^= data.readUInt8(words * 4 + i) << (8 * i);
    hash = Math.imul(hash, MIX);
  }
  hash = Math.imul(hash ^ (hash >>> 13), MIX);
  return hash ^ (hash >>> 15);
}

/** The partition that Kafka's default partitioner (any official client's) gives a key. */
export function partitionOf(key: string, partitions: number): number {
  return (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions;
}

/** The default rule for kafkajs, without its arithmetic on big integers: that was the hottest part of producing. */
export const defaultPartitioner: ICustomPartitioner = () => {
  let next = 0;
  return ({ partitionMetadata, message: { partition, key } }) => {
    if (partition !== undefined) return partition;
    const { length } = partitionMetadata;
    if (key !== null && key !== undefined) return partitionOf(key.toString(), length);
    next = (next + 1) % length;
    return next;
  };
};
