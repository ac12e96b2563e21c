import { BatchConsumer, BatchingProducer } from '@parley/kafka';
import { HealthRegistry, Log, runService } from '@parley/platform';
import { AppModule } from './app.module.js';
import { messageEnv } from './config.js';
import { Kafka } from './messaging/messaging.module.js';
import { RelayHooks } from './relay/relay.module.js';
import { RELAY, REQUESTS } from './transports.js';

/** Kafka's default minimum: the time for which a crashed instance keeps its partitions. */
const SESSION_TIMEOUT_MS = 6_000;

await runService({
  name: 'message',
  schema: messageEnv,
  module: (config) => AppModule.with(config),
  microservices: (app, config) => {
    const shared = {
      kafka: app.get(Kafka),
      producer: app.get(BatchingProducer),
      log: app.get(Log),
      startFrom: 'earliest' as const,
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      commitIntervalMs: config.COMMIT_INTERVAL_MS,
    };
    const relay = new BatchConsumer({
      ...shared,
      groupId: 'relay-group',
      transportId: RELAY,
      hooks: app.get(RelayHooks),
    });
    const requests = new BatchConsumer({ ...shared, groupId: 'request-group', transportId: REQUESTS });
    app.get(HealthRegistry).add('consumers', async () => {
      if (!relay.ready() || !requests.ready()) throw new Error('not a member of its consumer groups');
    });
    return [relay, requests];
  },
});
