import { type Delivery, NOTIFICATION_TOPIC_PREFIX, type UserNotice } from '@parley/contracts';
import { BatchingProducer, RecordRefused } from '@parley/kafka';
import { Inject, Injectable } from '@nestjs/common';
import { PresenceMap } from '../presence/presence-map.js';
import { DeliveryBatch, type OutRecord } from './delivery-batch.js';

/** The way from this service to people: to their sockets through the connection servers, else to push. */
@Injectable()
export class Deliveries {
  constructor(
    private readonly presence: PresenceMap,
    @Inject(BatchingProducer) private readonly producer: Pick<BatchingProducer, 'send'>,
  ) {}

  batch(): DeliveryBatch {
    return new DeliveryBatch(this.presence);
  }

  /**
   * Resolves when Kafka has acknowledged all of it.
   * @throws ProduceTimeout when it does not in time: the batch has to come again
   */
  async send(batch: DeliveryBatch): Promise<void> {
    await Promise.all(batch.take().map((record) => this.produce(record)));
  }

  async deliver(request: string, deliveries: readonly Delivery[], notices: readonly UserNotice[]): Promise<void> {
    const batch = this.batch();
    batch.deliver(request, deliveries);
    for (const notice of notices) batch.notify(request, notice);
    await this.send(batch);
  }

  private async produce(record: OutRecord): Promise<void> {
    try {
      await this.producer.send(record.topic, record);
    } catch (error) {
      // The topic of a connection server goes with the server, and so did the sockets behind it.
      if (error instanceof RecordRefused && record.topic.startsWith(NOTIFICATION_TOPIC_PREFIX)) return;
      throw error;
    }
  }
}
