import { ask } from './waiting.js';

/** Kafka's Metadata request, version 1, for all topics. The one thing that the runner has to ask a broker. */
const REQUEST = Buffer.concat([
  Buffer.of(0, 0, 0, 14), // bytes that follow
  Buffer.of(0, 3, 0, 1), // Metadata, version 1
  Buffer.of(0, 0, 0, 1), // correlation id
  Buffer.of(255, 255), // no client id
  Buffer.of(255, 255, 255, 255), // all topics
]);

export interface Partition {
  readonly replicas: readonly number[];
  /** Those of the replicas that have everything. */
  readonly inSync: readonly number[];
}

export interface Metadata {
  /** Node ids of the brokers that take part. */
  readonly brokers: readonly number[];
  readonly partitions: readonly Partition[];
}

/** Reads one field after the other, as Kafka's protocol lays them out. */
class Fields {
  #at = 0;

  constructor(private readonly bytes: Buffer) {}

  skip(count: number): void {
    this.#at += count;
  }

  int32(): number {
    this.#at += 4;
    return this.bytes.readInt32BE(this.#at - 4);
  }

  skipString(): void {
    const length = this.bytes.readInt16BE(this.#at);
    this.skip(2 + Math.max(length, 0));
  }

  list<T>(read: () => T): T[] {
    return Array.from({ length: this.int32() }, read);
  }
}

export function parseMetadata(answer: Buffer): Metadata {
  const fields = new Fields(answer);
  const integers = () => fields.list(() => fields.int32());
  fields.skip(4 + 4); // length, correlation id
  const brokers = fields.list(() => {
    const id = fields.int32();
    fields.skipString(); // host
    fields.skip(4); // port
    fields.skipString(); // rack
    return id;
  });
  fields.skip(4); // controller
  const topics = fields.list(() => {
    fields.skip(2); // error
    fields.skipString(); // name
    fields.skip(1); // is it internal
    return fields.list(() => {
      fields.skip(2 + 4 + 4); // error, number, leader
      return { replicas: integers(), inSync: integers() };
    });
  });
  return { brokers, partitions: topics.flat() };
}

const isWhole = (received: Buffer): boolean => received.length >= 4 && received.length >= 4 + received.readInt32BE(0);

/** Whether nothing is lost with the other brokers: `node` takes part and has everything of each partition it copies. */
export const hasCaughtUp = ({ brokers, partitions }: Metadata, node: number): boolean =>
  brokers.includes(node) &&
  partitions.every(({ replicas, inSync }) => !replicas.includes(node) || inSync.includes(node));

/** What the broker at this port knows; undefined while it does not answer. */
export async function fetchMetadata(port: number): Promise<Metadata | undefined> {
  const answer = await ask(port, REQUEST, isWhole);
  return answer && parseMetadata(answer);
}
