import 'reflect-metadata';
import { runService } from '@parley/platform';
import { connectionService } from './service.js';

await runService(connectionService);
