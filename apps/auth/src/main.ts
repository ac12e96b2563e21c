import { runService } from '@parley/platform';
import { AppModule } from './app.module.js';
import { authEnv } from './config.js';

await runService({ name: 'auth', schema: authEnv, module: (config) => AppModule.with(config) });
