import type { OffsetsByTopicPartition } from 'kafkajs';

/** Where each partition would go on, as far as the work is done. */
export class OffsetLedger {
  /** Not yet committed. */
  #next = new Map<string, { topic: string; partition: number; offset: bigint }>();
  #done = new Map<string, bigint>();

  mark(topic: string, partition: number, nextOffset: bigint): void {
    this.#next.set(`${partition} ${topic}`, { topic, partition, offset: nextOffset });
    this.#done.set(`${partition} ${topic}`, nextOffset);
  }

  /** The last mark, committed or not. */
  done(topic: string, partition: number): bigint | undefined {
    return this.#done.get(`${partition} ${topic}`);
  }

  /** Hands out all marks and forgets them; undefined when there are none. */
  take(): OffsetsByTopicPartition | undefined {
    if (this.#next.size === 0) return undefined;
    const topics = Map.groupBy(this.#next.values(), ({ topic }) => topic);
    this.#next = new Map();
    return {
      topics: [...topics].map(([topic, marks]) => ({
        topic,
        partitions: marks.map(({ partition, offset }) => ({ partition, offset: String(offset) })),
      })),
    };
  }

  /** After a commit that failed; marks made meanwhile are further on and stay. */
  putBack({ topics }: OffsetsByTopicPartition): void {
    for (const { topic, partitions } of topics) {
      for (const { partition, offset } of partitions) {
        const key = `${partition} ${topic}`;
        if (!this.#next.has(key)) this.#next.set(key, { topic, partition, offset: BigInt(offset) });
      }
    }
  }

  clear(): void {
    this.#next = new Map();
    this.#done = new Map();
  }
}
