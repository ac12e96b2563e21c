import type { Stack } from '@parley/deploy';
import { BatchConsumer, BatchingProducer, createKafka, type AddressedRecord, partitionOf } from '@parley/kafka';
import { brokersOf, type KafkaPace, kafkaPaceOf, type KafkaSizes, PARTITIONS } from '../bounds/kafka.ts';
import { quiet } from './quiet.ts';

/** Keys of one partition, as each has many channels. */
const KEYS = 8;

/** The producer and the consumer of the services: records with keys, gathered, packed, and handed over in batches. */
export function ourKafka(stack: Stack, sizes: KafkaSizes): Promise<KafkaPace> {
  const keys = keysByPartition();
  return kafkaPaceOf(stack, sizes, async (topic, arrived) => {
    const kafka = createKafka({ brokers: brokersOf(stack), clientId: 'bench' }, quiet);
    const producer = new BatchingProducer({ kafka });
    const consumer = new BatchConsumer({ kafka, groupId: topic, startFrom: 'earliest', producer, log: quiet });
    consumer.handle(topic, async (records) => arrived(records.length));
    await producer.connect();
    await new Promise<void>((resolve, reject) => {
      void consumer.listen((error) => (error === undefined ? resolve() : reject(error as Error)));
    });
    return {
      send: (partition, values) =>
        producer.sendAll(
          values.map((value, index): AddressedRecord => {
            const key = keys[partition]?.[index % KEYS] ?? '';
            return { topic, key, value };
          }),
        ),
      close: async () => {
        await consumer.close();
        await producer.close();
      },
    };
  });
}

function keysByPartition(): string[][] {
  const keys = Array.from({ length: PARTITIONS }, (): string[] => []);
  for (let id = 1; keys.some((own) => own.length < KEYS); id += 1) {
    const own = keys[partitionOf(String(id), PARTITIONS)];
    if (own !== undefined && own.length < KEYS) own.push(String(id));
  }
  return keys;
}
