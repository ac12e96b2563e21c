import { ConfigurationError, loadConfig } from '@parley/platform';
import { z } from 'zod';
import { createDataSource } from './data-source.js';
import { databaseEnv, databaseOptionsFrom } from './database-env.js';
import { migrateAll, MigrationFailed } from './migrations/migrate.js';
import { registerLastShard } from './shard-registry.js';
import { writableAddress } from './writable-address.js';

/** The server of the new shard may still be starting beside this program, in milliseconds. */
const PATIENCE_MS = 60_000;

try {
  const options = databaseOptionsFrom(loadConfig(z.object(databaseEnv)));
  await migrateAll(options, PATIENCE_MS);
  const users = await createDataSource(await writableAddress('user-db', options.userDb), { poolSize: 1 }).initialize();
  try {
    const { id, opensAfterSeconds } = await registerLastShard(users, options);
    process.stdout.write(`shard-${id}: takes new channels from ${opensAfterSeconds} s after it was first added\n`);
  } finally {
    await users.destroy();
  }
} catch (error) {
  if (!(error instanceof ConfigurationError || error instanceof MigrationFailed)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
