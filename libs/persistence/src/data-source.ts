import type { DatabaseAddress } from '@parley/platform';
import { DataSource, type Logger } from 'typeorm';
import { driverWith, type ServerSigns } from './driver.js';

/** How the connections of one database are made. `entities` is empty where only raw SQL is used. */
export interface ConnectionSettings {
  readonly poolSize: number;
  readonly entities?: readonly (new () => object)[];
  /** How long a statement may take, and how long one waits for a connection while the server says nothing, in ms. */
  readonly queryTimeoutMs?: number;
  /** Who wants to know how the server does. */
  readonly signs?: ServerSigns;
}

const CONNECT_TIMEOUT_MS = 2_000;
const LONG_QUERY_TIMEOUT_MS = 10_000;

const nothing = (): void => undefined;
/** Errors reach whoever asked; and the ORM would print slow statements together with what people wrote. */
const SILENT: Logger = {
  log: nothing,
  logMigration: nothing,
  logQuery: nothing,
  logQueryError: nothing,
  logQuerySlow: nothing,
  logSchemaBuild: nothing,
};

/** A pool for one server. Whole numbers come back as numbers, also from BIGINT; sums and averages come back as text. */
export function createDataSource(
  { ssl, ...address }: DatabaseAddress,
  { poolSize, entities = [], queryTimeoutMs = LONG_QUERY_TIMEOUT_MS, signs = {} }: ConnectionSettings,
): DataSource {
  return new DataSource({
    type: 'mysql',
    driver: driverWith(signs, queryTimeoutMs),
    ...address,
    // The driver's own default is to accept the certificate of any host.
    ...(ssl === true && { ssl: { verifyIdentity: true } }),
    entities: [...entities],
    poolSize,
    charset: 'utf8mb4',
    timezone: 'Z',
    supportBigNumbers: true,
    bigNumberStrings: false,
    connectTimeout: CONNECT_TIMEOUT_MS,
    enableQueryTimeout: true,
    maxQueryExecutionTime: queryTimeoutMs,
    logger: SILENT,
  });
}
