/** A database has not answered since the process started, or has fallen silent. */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable';
  constructor(database: string, options?: ErrorOptions) {
    super(`${database} is not connected`, options);
  }
}

/** What the driver and the server say when the fault is not in the statement: it may succeed when repeated later. */
const UNAVAILABLE: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR',
  'PROTOCOL_ENQUEUE_AFTER_QUIT',
  'POOL_CLOSED',
  'ER_SERVER_SHUTDOWN',
  'ER_CON_COUNT_ERROR',
  'ER_TOO_MANY_USER_CONNECTIONS',
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION',
  'ER_QUERY_INTERRUPTED',
  'ER_CONNECTION_KILLED',
  'ER_NORMAL_SHUTDOWN',
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_DISK_FULL',
  'ER_ERROR_ON_WRITE',
  'ER_RECORD_FILE_FULL',
  'ER_TEMP_FILE_WRITE_FAILURE',
]);

/** Another transaction was in the way and won. The server has rolled this one back. */
const CONFLICT: ReadonlySet<string> = new Set(['ER_LOCK_DEADLOCK', 'ER_CHECKREAD']);

/** Error numbers for which MariaDB has no name in the driver's table. */
const UNAVAILABLE_NUMBERS: ReadonlySet<number> = new Set([1053, 1079, 1290, 1836, 1927, 4031]);

/** What is said in words only: by mysql2 of a lost connection, by the server of a full disk behind a storage engine. */
const IN_WORDS = /connection is in closed state|pool is closed|connection lost|no space left on device/i;

/** The database is away, shutting down, read-only or out of room; the same statement may succeed later. */
export function isUnavailable(error: unknown): boolean {
  return some(
    error,
    (at) =>
      at instanceof DatabaseUnavailable ||
      UNAVAILABLE.has(codeOf(at)) ||
      UNAVAILABLE_NUMBERS.has(numberOf(at)) ||
      IN_WORDS.test(at.message),
  );
}

/** Undefined if the database is away. @throws any other error */
export async function unlessUnavailable<T>(query: Promise<T>): Promise<T | undefined> {
  try {
    return await query;
  } catch (error) {
    if (isUnavailable(error)) return undefined;
    throw error;
  }
}

/** The transaction lost against another one and should simply be run again. */
export const isConflict = (error: unknown): boolean => some(error, (at) => CONFLICT.has(codeOf(at)));

/** The column or key that a definition would add exists. */
export const isAlreadyThere = (error: unknown): boolean =>
  some(error, (at) => codeOf(at) === 'ER_DUP_FIELDNAME' || codeOf(at) === 'ER_DUP_KEYNAME');

/** Name of the unique key that a row would have repeated, such as `PRIMARY` or `once`; undefined for other errors. */
export function isDuplicate(error: unknown): string | undefined {
  let key: string | undefined;
  some(error, (at) => {
    if (codeOf(at) !== 'ER_DUP_ENTRY') return false;
    // MySQL says 'table.key', MariaDB says 'key'.
    key = /for key '(?:[^']*\.)?([^'.]+)'$/.exec(at.message)?.[1] ?? 'PRIMARY';
    return true;
  });
  return key;
}

/** Walks from an error to what caused it: the ORM, and a refused connection to several addresses, wrap the driver's error. */
function some(error: unknown, matches: (at: Error) => boolean): boolean {
  if (!(error instanceof Error)) return false;
  if (matches(error)) return true;
  if (error instanceof AggregateError && error.errors.some((inner) => some(inner, matches))) return true;
  if ('driverError' in error && some(error.driverError, matches)) return true;
  return some(error.cause, matches);
}

const codeOf = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : '');
const numberOf = (error: Error): number => ('errno' in error && typeof error.errno === 'number' ? error.errno : 0);
