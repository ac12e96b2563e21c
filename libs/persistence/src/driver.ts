import mysql from 'mysql2';
import { isUnavailable } from './database-errors.js';

/**
 * Times are UTC whatever the server's zone; a transaction sees what was committed before each of its statements, so
 * that a decision after a lock is about the locked state; and a lock that is not released is an error within seconds.
 */
const SESSION_SETTINGS = [
  "SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = 2, sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'",
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
];
const SETUP_TIMEOUT_MS = 2_000;

/** How the driver says that a server did not answer in time: to a statement, and to an attempt to connect. */
const SILENCE: ReadonlySet<string | undefined> = new Set(['PROTOCOL_SEQUENCE_TIMEOUT', 'ETIMEDOUT']);

/** What the connections of a pool tell about their server. */
export interface ServerSigns {
  /** The server has carried out a statement. */
  readonly onAnswer?: () => void;
  /** The server has let the time for an answer pass. */
  readonly onSilence?: () => void;
  /** Something failed because of the server: it is away, shutting down or read-only. */
  readonly onTrouble?: () => void;
  /** Told for each new connection, before anything runs on it. @throws to refuse the connection */
  readonly onRole?: (isWritable: boolean) => void;
}

/** What the types of mysql2 leave out. */
type TimedQuery = mysql.Query & { readonly queryTimeout: NodeJS.Timeout | null };
type Answered = (error: mysql.QueryError | null, ...rest: unknown[]) => void;

/**
 * The driver, with every connection of its pools set up before anyone uses it. A connection on which an answer has
 * not come in time is closed, because whatever came next on it would wait for the same answer, and without limit.
 */
export function driverWith(signs: ServerSigns): { createPool(options: mysql.PoolOptions): mysql.Pool } {
  return {
    ...mysql,
    createPool(options: mysql.PoolOptions): mysql.Pool {
      const pool = mysql.createPool(options);
      const connect = pool.getConnection.bind(pool);
      const setUps = new WeakMap<mysql.PoolConnection, Promise<void>>();
      pool.on('connection', (connection) => setUps.set(connection, setUp(connection, signs)));
      Object.assign(pool, {
        getConnection: (handOut: Parameters<typeof connect>[0]) =>
          connect((error, connection) => {
            if (error !== null) {
              report(error, signs);
              handOut(error, connection);
              return;
            }
            const ready = (): void => void handOut(null, connection);
            const refused = (reason: NodeJS.ErrnoException): void => {
              connection.destroy();
              handOut(reason, connection);
            };
            void Promise.resolve(setUps.get(connection)).then(ready, refused);
          }),
      });
      return pool;
    },
  };
}

function report(error: mysql.QueryError | NodeJS.ErrnoException, { onSilence, onTrouble }: ServerSigns): void {
  if (SILENCE.has(error.code)) onSilence?.();
  if (isUnavailable(error)) onTrouble?.();
}

async function setUp(connection: mysql.PoolConnection, signs: ServerSigns): Promise<void> {
  const ask = (sql: string): Promise<unknown> =>
    new Promise((resolve, reject) => {
      connection.query({ sql, timeout: SETUP_TIMEOUT_MS }, (error, rows) => {
        if (error === null) resolve(rows);
        else reject(error);
      });
    });
  try {
    for (const sql of SESSION_SETTINGS) await ask(sql);
    if (signs.onRole !== undefined) signs.onRole(isWritable(await ask(ROLE_QUERY)));
  } catch (error) {
    if (error instanceof Error) report(error, signs);
    throw error;
  }
  watch(connection, signs);
}

/** Tells a server that takes writes from one that only copies. */
export const ROLE_QUERY = 'SELECT CAST(@@global.read_only AS CHAR) AS readOnly';

/** @param rows the answer to {@link ROLE_QUERY}; servers write the value as a number or as a word */
export function isWritable(rows: unknown): boolean {
  const row: unknown = Array.isArray(rows) ? rows[0] : undefined;
  return typeof row === 'object' && row !== null && 'readOnly' in row && ['0', 'OFF'].includes(String(row.readOnly));
}

/** Lets `signs` know of whatever fails on this connection from now on. */
function watch(connection: mysql.PoolConnection, signs: ServerSigns): void {
  const query = connection.query.bind(connection) as (...parameters: unknown[]) => TimedQuery;
  Object.assign(connection, {
    query: (...parameters: [...unknown[], Answered]) => {
      const answered = parameters.pop() as Answered;
      const command = query(...parameters, (error: mysql.QueryError | null, ...rest: unknown[]) => {
        // mysql2 3.24 goes on to count when the connection is lost, and calls again when the time for an answer is over. It was
        // mended for other errors: https://github.com/sidorares/node-mysql2/issues/1387
        clearTimeout(command.queryTimeout ?? undefined);
        if (error === null) {
          signs.onAnswer?.();
        } else {
          if (SILENCE.has(error.code)) connection.destroy();
          report(error, signs);
        }
        answered(error, ...rest);
      });
      return command;
    },
  });
}
