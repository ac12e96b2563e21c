import { type DynamicModule, Module, type OnApplicationShutdown } from '@nestjs/common';
import { BatchingProducer, createKafka, type KafkaOptions } from '@parley/kafka';
import { Log } from '@parley/platform';

/**
 * The way to Kafka. It connects with the first record: accounts and logins work while Kafka is away, so its state is
 * no part of this service's readiness.
 */
@Module({})
export class MessagingModule implements OnApplicationShutdown {
  constructor(private readonly producer: BatchingProducer) {}

  static with(options: KafkaOptions): DynamicModule {
    const createProducer = (log: Log) => new BatchingProducer({ kafka: createKafka(options, log) });
    return {
      module: MessagingModule,
      global: true,
      providers: [{ provide: BatchingProducer, inject: [Log], useFactory: createProducer }],
      exports: [BatchingProducer],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.producer.close();
  }
}
