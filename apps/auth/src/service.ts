import type { ServiceDefinition } from '@parley/platform';
import { AppModule } from './app.module.js';
import { authEnv } from './config.js';

export const authService: ServiceDefinition<typeof authEnv> = {
  name: 'auth',
  schema: authEnv,
  module: (config) => AppModule.with(config),
};
