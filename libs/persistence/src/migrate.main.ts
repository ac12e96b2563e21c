import { ConfigurationError, loadConfig } from '@parley/platform';
import { z } from 'zod';
import { databaseEnv, databaseOptionsFrom } from './database-env.js';
import { migrateAll, MigrationFailed } from './migrations/migrate.js';

/** Database servers may still be starting beside this program, in milliseconds. */
const PATIENCE_MS = 60_000;

try {
  const options = databaseOptionsFrom(loadConfig(z.object(databaseEnv)));
  for (const { database, applied } of await migrateAll(options, PATIENCE_MS)) {
    process.stdout.write(`${database}: ${applied.length === 0 ? 'up to date' : `applied ${applied.join(', ')}`}\n`);
  }
} catch (error) {
  if (!(error instanceof ConfigurationError || error instanceof MigrationFailed)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
