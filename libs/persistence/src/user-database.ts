import { Database } from './database.js';
import type { DatabaseOptions } from './database-env.js';
import { userDatabaseEntities } from './entities/user-database-entities.js';

/** The database of accounts, contacts, channels and memberships. */
export class UserDatabase extends Database {
  constructor({ userDb, poolSize }: Pick<DatabaseOptions, 'userDb' | 'poolSize'>) {
    super('user-db', userDb, { poolSize, entities: userDatabaseEntities });
  }
}
