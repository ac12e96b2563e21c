import { runService } from '@parley/platform';
import { authService } from './service.js';

await runService(authService);
