import { type DynamicModule, Module, type OnApplicationShutdown } from '@nestjs/common';
import { BatchConsumer, BatchingProducer, createKafka, type KafkaOptions } from '@parley/kafka';
import { HealthRegistry, Log } from '@parley/platform';

const GROUP = 'push-group';

/** Reads pushes in batches, and writes the ones that nobody can handle to the dead-letter topic. */
@Module({})
export class MessagingModule implements OnApplicationShutdown {
  constructor(
    private readonly producer: BatchingProducer,
    consumer: BatchConsumer,
    health: HealthRegistry,
  ) {
    health.add('consumer', async () => {
      if (!consumer.ready()) throw new Error(`not a member of ${GROUP}`);
    });
  }

  static with(options: KafkaOptions): DynamicModule {
    const createProducer = (log: Log) => new BatchingProducer({ kafka: createKafka(options, log) });
    const createConsumer = (log: Log, producer: BatchingProducer) =>
      new BatchConsumer({
        kafka: createKafka(options, log),
        groupId: GROUP,
        // Pushes from before the first start of this service are owed as well.
        startFrom: 'earliest',
        producer,
        log,
      });
    return {
      module: MessagingModule,
      global: true,
      providers: [
        { provide: BatchingProducer, inject: [Log], useFactory: createProducer },
        { provide: BatchConsumer, inject: [Log, BatchingProducer], useFactory: createConsumer },
      ],
      exports: [BatchConsumer],
    };
  }

  /** After the consumer, which Nest closes with the other transports. */
  async onApplicationShutdown(): Promise<void> {
    await this.producer.close();
  }
}
