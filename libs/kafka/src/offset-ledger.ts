import type { OffsetsByTopicPartition } from 'kafkajs';

/** Where each partition would go on, as far as the work is done but not yet committed. */
export class OffsetLedger {
  #next = new Map<string, { topic: string; partition: number; offset: bigint }>();

  mark(topic: string, partition: number, nextOffset: bigint): void {
    this.#next.set(`${partition} ${topic}`, { topic, partition, offset: nextOffset });
  }

  /** Hands out all marks and forgets them; undefined when there are none. */
  take(): OffsetsByTopicPartition | undefined {
    if (this.#next.size === 0) return undefined;
    const topics = Map.groupBy(this.#next.values(), ({ topic }) => topic);
    this.clear();
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
        if (!this.#next.has(`${partition} ${topic}`)) this.mark(topic, partition, BigInt(offset));
      }
    }
  }

  clear(): void {
    this.#next = new Map();
  }
}
