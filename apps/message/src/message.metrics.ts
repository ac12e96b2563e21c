import { BatchingProducer } from '@parley/kafka';
import { MessageShards, UserDatabase } from '@parley/persistence';
import { Metrics } from '@parley/platform';
import { Inject, Injectable } from '@nestjs/common';
import { Counter, Gauge } from 'prom-client';
import { EventLog } from './events.js';
import { PresenceMap } from './presence/presence-map.js';
import { MessageStore } from './relay/message-store.js';

/** Every reported number of this service, in one place; read from the parts that count when somebody asks. */
@Injectable()
export class MessageMetrics {
  constructor(
    metrics: Metrics,
    { counts }: EventLog,
    users: UserDatabase,
    shards: MessageShards,
    presence: PresenceMap,
    @Inject(BatchingProducer) producer: Pick<BatchingProducer, 'stats'>,
    @Inject(MessageStore) store: Pick<MessageStore, 'inserts'>,
  ) {
    const registers = [metrics];
    const counter = (name: string, help: string, count: () => number): void =>
      metrics.counted(`message_${name}`, help, count);
    counter('acknowledged_total', 'Writes answered with their sequence, repetitions included.', () => counts.stored);
    counter('given_up_total', 'Writes answered with ERROR because their shard was away.', () => counts.givenUp);
    counter('replays_total', 'Times a connection server was sent again what it had missed.', () => counts.replayed);
    counter('dead_letters_total', 'Records of message-relay that failed for good.', () => counts.setAside);
    counter('inserts_total', 'Statements that stored messages.', () => store.inserts);
    counter('produce_requests_total', 'Requests with records that Kafka has stored.', () => producer.stats().requests);
    counter('produce_records_total', 'Records in these requests.', () => producer.stats().records);
    new Counter({
      name: 'message_reads_total',
      help: 'Lists, pages of history and single facts that were read, by the database server that answered.',
      labelNames: ['what', 'route'],
      registers,
      collect() {
        this.reset();
        for (const { reads } of [users, ...shards.all()]) {
          for (const [route, counts] of Object.entries(reads)) {
            for (const [what, count] of counts) this.inc({ what, route }, count);
          }
        }
      },
    });
    new Gauge({
      name: 'message_connection_servers',
      help: 'Connection servers that are alive.',
      registers,
      collect() {
        this.set(presence.serverNames().length);
      },
    });
  }
}
