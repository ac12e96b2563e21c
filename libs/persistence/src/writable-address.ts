import type { DatabaseAddress } from '@parley/platform';
import { createDataSource } from './data-source.js';
import type { DatabasePair } from './database-env.js';
import { DatabaseUnavailable } from './database-errors.js';
import { isWritable, ROLE_QUERY } from './driver.js';

/**
 * Where to write: of two servers the one that is not read-only.
 * @throws DatabaseUnavailable while neither says so, if it may be either
 */
export async function writableAddress(
  name: string,
  { source, replica, failover = false }: DatabasePair,
): Promise<DatabaseAddress> {
  if (replica === undefined || !failover) return source;
  const reasons: unknown[] = [];
  for (const address of [source, replica]) {
    try {
      if (await takesWrites(address)) return address;
    } catch (error) {
      reasons.push(error);
    }
  }
  throw new DatabaseUnavailable(name, { cause: reasons[0] });
}

async function takesWrites(address: DatabaseAddress): Promise<boolean> {
  const server = await createDataSource(address, { poolSize: 1 }).initialize();
  try {
    return isWritable(await server.query(ROLE_QUERY));
  } finally {
    await server.destroy();
  }
}
