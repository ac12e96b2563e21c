export type { ConnectionSettings } from './data-source.js';
export { Database, type ReadOptions, type Route, type Transaction } from './database.js';
export {
  databaseEnv,
  databaseOptionsFrom,
  type DatabaseEnv,
  type DatabaseOptions,
  type DatabasePair,
} from './database-env.js';
export { DatabaseUnavailable, isConflict, isDuplicate, isUnavailable, unlessUnavailable } from './database-errors.js';
export * from './entities/account.entity.js';
export * from './entities/channel.entity.js';
export * from './entities/command-log.entity.js';
export * from './entities/contact.entity.js';
export * from './entities/push-inbox.entity.js';
export { MessageShards, type ShardPlace } from './message-shards.js';
export { migrateAll, MigrationFailed, type Migrated } from './migrations/migrate.js';
export { PersistenceModule } from './persistence.module.js';
export { registerLastShard, ShardRegistry } from './shard-registry.js';
export { UserDatabase } from './user-database.js';
export { createTemporaryDatabases, type TemporaryDatabases } from './temporary-databases.js';
