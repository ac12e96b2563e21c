import { BatchConsumer } from '@parley/kafka';
import type { ServiceDefinition } from '@parley/platform';
import { AppModule } from './app.module.js';
import { pushEnv } from './config.js';

export const pushService: ServiceDefinition<typeof pushEnv> = {
  name: 'push',
  schema: pushEnv,
  module: (config) => AppModule.with(config),
  microservices: (app) => [app.get(BatchConsumer)],
};
