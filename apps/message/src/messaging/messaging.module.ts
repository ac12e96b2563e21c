import {
  BatchingProducer,
  BroadcastConsumer,
  createKafka,
  KafkaAdmin,
  type KafkaHandle,
  type KafkaOptions,
} from '@parley/kafka';
import { HealthRegistry, Log } from '@parley/platform';
import {
  type DynamicModule,
  Inject,
  Injectable,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';

/** What is made from the one Kafka handle of this process. */
export abstract class Kafka implements KafkaHandle {
  abstract readonly log: KafkaHandle['log'];
  abstract readonly client: KafkaHandle['client'];
  abstract readonly lines: KafkaHandle['lines'];
}

@Injectable()
class MessagingLifecycle implements OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(BatchingProducer) private readonly producer: BatchingProducer,
    @Inject(BroadcastConsumer) private readonly broadcasts: BroadcastConsumer,
    @Inject(KafkaAdmin) private readonly admin: KafkaAdmin,
    private readonly health: HealthRegistry,
  ) {}

  async onModuleInit(): Promise<void> {
    this.health.add('kafka', () => this.admin.ping());
    this.health.add('presence', async () => {
      if (!this.broadcasts.ready()) throw new Error('what connection servers announce is not being read');
    });
    await this.producer.connect();
  }

  /** After the consumers: what they still had to say has been handed in by now. */
  async onApplicationShutdown(): Promise<void> {
    await this.broadcasts.close();
    await this.producer.close();
  }
}

@Module({})
export class MessagingModule {
  static with(options: KafkaOptions, settings: { maxGapMs: number }): DynamicModule {
    return {
      module: MessagingModule,
      global: true,
      providers: [
        { provide: Kafka, inject: [Log], useFactory: (log: Log) => createKafka(options, log) },
        {
          provide: BatchingProducer,
          inject: [Kafka],
          useFactory: (kafka: KafkaHandle) => new BatchingProducer({ kafka, ...settings }),
        },
        {
          provide: BroadcastConsumer,
          inject: [Kafka],
          useFactory: (kafka: KafkaHandle) => new BroadcastConsumer({ kafka, groupPrefix: 'message-presence' }),
        },
        { provide: KafkaAdmin, inject: [Kafka], useFactory: (kafka: KafkaHandle) => new KafkaAdmin(kafka) },
        MessagingLifecycle,
      ],
      exports: [Kafka, BatchingProducer, BroadcastConsumer, KafkaAdmin],
    };
  }
}
