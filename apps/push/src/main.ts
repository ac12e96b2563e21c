import { runService } from '@parley/platform';
import { pushService } from './service.js';

await runService(pushService);
