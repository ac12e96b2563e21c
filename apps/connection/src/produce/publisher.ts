import { Injectable } from '@nestjs/common';
import type { Topic } from '@parley/contracts';
import { BatchingProducer } from '@parley/kafka';
import { ConnectionMetrics } from '../server/connection.metrics.js';

/** Where everything goes that this server says. */
export abstract class Publisher {
  /** Records leave in the order of the calls. Resolves when Kafka has stored the record; rejects as `BatchingProducer.send` does. */
  abstract publish<R>(topic: Topic<R>, record: NoInfer<R>): Promise<void>;
}

@Injectable()
export class KafkaPublisher extends Publisher {
  constructor(
    private readonly producer: BatchingProducer,
    metrics: ConnectionMetrics,
  ) {
    super();
    metrics.watchProducer(() => producer.stats());
  }

  override publish<R>(topic: Topic<R>, record: NoInfer<R>): Promise<void> {
    return this.producer.send(topic.name, { key: topic.key(record), value: topic.encode(record) });
  }
}
