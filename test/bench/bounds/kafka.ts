import kafkajs from 'kafkajs';
import type { Stack } from '@parley/deploy';
import { type Percentiles, percentiles, Samples, usedBetween, usedBy } from '@parley/load';

export interface KafkaPace {
  readonly perSecond: number;
  /** CPU of producer, consumer and broker together. */
  readonly cpuMicroseconds: number;
  /** One record at a time, produced and consumed. */
  readonly roundTrip: Percentiles;
}

export interface KafkaSizes {
  readonly records: number;
  /** Records in a request. */
  readonly batch: number;
  readonly trips: number;
}

/** A way for records from here to here. */
export interface Way {
  /** Resolves when Kafka has stored them all, in one partition. */
  send(partition: number, values: readonly Buffer[]): Promise<unknown>;
  close(): Promise<void>;
}

/** Opens a way through a topic that is empty; `arrived` is told how many records have come. */
export type OpenWay = (topic: string, arrived: (records: number) => void) => Promise<Way>;

export const PARTITIONS = 6;
const RECORD_BYTES = 300;

export const brokersOf = (stack: Stack): string[] => (stack.env['KAFKA_BROKERS'] ?? '').split(',');

/** Records of the size of a message, all replicas asked, `batch` in a request, read by a group as services do. */
export const rawKafka = (stack: Stack, sizes: KafkaSizes): Promise<KafkaPace> =>
  kafkaPaceOf(stack, sizes, async (topic, arrived) => {
    const kafka = client(stack);
    const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    const consumer = kafka.consumer({ groupId: topic, maxWaitTimeInMs: 100 });
    await Promise.all([producer.connect(), consumer.connect()]);
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      partitionsConsumedConcurrently: PARTITIONS,
      eachBatch: async ({ batch }) => arrived(batch.messages.length),
    });
    return {
      send: (partition, values) =>
        producer.send({ topic, acks: -1, messages: values.map((value) => ({ partition, value })) }),
      close: async () => {
        await consumer.disconnect();
        await producer.disconnect();
      },
    };
  });

export async function kafkaPaceOf(
  stack: Stack,
  { records, batch, trips }: KafkaSizes,
  open: OpenWay,
): Promise<KafkaPace> {
  const topic = `bench-${Date.now()}`;
  const admin = client(stack).admin();
  let consumed = 0;
  let wanted = 0;
  let reached: () => void = () => undefined;
  const until = (count: number): Promise<void> => {
    wanted = count;
    return new Promise((resolve) => {
      reached = resolve;
      if (consumed >= wanted) resolve();
    });
  };
  await admin.connect();
  await admin.createTopics({
    topics: [{ topic, numPartitions: PARTITIONS, replicationFactor: stack.topology.kafka.replicationFactor }],
  });
  const way = await open(topic, (count) => {
    consumed += count;
    if (consumed >= wanted) reached();
  });
  try {
    const value = Buffer.alloc(RECORD_BYTES, 'x');
    const send = (partition: number, count: number): Promise<unknown> =>
      way.send(partition, Array<Buffer>(count).fill(value));
    await send(0, 1);
    await until(1);
    const times = new Samples();
    for (let trip = 0; trip < trips; trip += 1) {
      const began = performance.now();
      const seen = until(consumed + 1);
      await Promise.all([send(trip % PARTITIONS, 1), seen]);
      times.add((performance.now() - began) * 1000);
    }
    const before = await usedBy(stack);
    const own = process.cpuUsage();
    const began = performance.now();
    const all = until(consumed + records);
    await Promise.all(
      Array.from({ length: PARTITIONS }, async (_, partition) => {
        for (let at = 0; at < records / PARTITIONS; at += batch) {
          await send(partition, Math.min(batch, Math.ceil(records / PARTITIONS - at)));
        }
      }),
    );
    await all;
    const seconds = (performance.now() - began) / 1000;
    const { user, system } = process.cpuUsage(own);
    const brokerUse = usedBetween(before, await usedBy(stack)).filter(({ name }) => name.startsWith('kafka'));
    const cpu = (user + system) / 1e6 + brokerUse.reduce((sum, each) => sum + each.cpuSeconds, 0);
    return {
      perSecond: records / seconds,
      cpuMicroseconds: (cpu * 1e6) / records,
      roundTrip: percentiles(times.slice()),
    };
  } finally {
    await way.close();
    await admin.deleteTopics({ topics: [topic] }).catch(() => undefined);
    await admin.disconnect();
  }
}

const client = (stack: Stack): kafkajs.Kafka =>
  new kafkajs.Kafka({ clientId: 'bench', brokers: brokersOf(stack), logLevel: kafkajs.logLevel.NOTHING });
