import {
  BatchingProducer,
  BroadcastConsumer,
  createKafka,
  type InboundRecord,
  KafkaAdmin,
  type KafkaHandle,
  type Log,
  type OutboundRecord,
} from '@parley/kafka';
import { eventually } from './eventually.js';

const ignore = (): void => undefined;
const SILENT: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** The system's Kafka, for tests that look at topics or put records there themselves. */
export class KafkaAccess implements AsyncDisposable {
  private readonly kafka: KafkaHandle;
  private readonly producer: BatchingProducer;
  private readonly consumer: BroadcastConsumer;

  constructor(brokers: string[]) {
    this.kafka = createKafka({ brokers, clientId: 'system-test' }, SILENT);
    this.producer = new BatchingProducer({ kafka: this.kafka });
    this.consumer = new BroadcastConsumer({ kafka: this.kafka, groupPrefix: 'system-test' });
  }

  topics(): Promise<string[]> {
    return new KafkaAdmin(this.kafka).listTopics();
  }

  /** Resolves when the group has committed everything that the topic holds. */
  async committed(groupId: string, topic: string): Promise<void> {
    const admin = new KafkaAdmin(this.kafka);
    await eventually(async () => {
      const [ends, offsets] = [await admin.endOffsets(topic), await admin.committedOffsets(groupId, topic)];
      const behind = [...ends].filter(([partition, end]) => end > (offsets.get(partition) ?? 0n));
      if (behind.length > 0) throw new Error(`${groupId} is behind in ${behind.length} partitions of ${topic}`);
    });
  }

  send(topic: string, record: OutboundRecord): Promise<void> {
    return this.producer.send(topic, record);
  }

  /** Records written to the topic from now on; the list grows as they come. */
  async follow(topic: string): Promise<readonly InboundRecord[]> {
    const records: InboundRecord[] = [];
    await this.consumer.start(topic, (batch) => void records.push(...batch));
    return records;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.producer.close(), this.consumer.close()]);
  }
}
