import { config } from 'zod';

/**
 * Compiling schemas needs `new Function`, which the page's content security policy forbids: the attempt alone is
 * reported as a violation. It is made when a schema is built, so this module comes before all others.
 */
config({ jitless: true });
