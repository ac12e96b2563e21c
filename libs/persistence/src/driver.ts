import mysql from 'mysql2';
import { DatabaseUnavailable, isUnavailable } from './database-errors.js';

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

/** And what a pool listens to itself. */
interface PoolSigns extends ServerSigns {
  /** The server has said something: it has greeted a new connection, or answered a statement, be it with an error. */
  readonly onWord: () => void;
}

type HandOut = (error: Error | null, connection?: mysql.PoolConnection) => void;

/** What the types of mysql2 leave out. */
type TimedQuery = mysql.Query & { readonly queryTimeout: NodeJS.Timeout | null };
type Answered = (error: mysql.QueryError | null, ...rest: unknown[]) => void;

/**
 * The driver, with every connection of its pools set up before anyone uses it. A connection on which an answer has
 * not come in time is closed, because whatever came next on it would wait for the same answer, and without limit.
 * @param silenceMs how long to wait for a connection while the server says nothing. Longer than it takes to give up a
 * connection that is being made, which tells better what is wrong.
 */
export function driverWith(
  signs: ServerSigns,
  silenceMs: number,
): { createPool(options: mysql.PoolOptions): mysql.Pool } {
  return {
    ...mysql,
    createPool(options: mysql.PoolOptions): mysql.Pool {
      const pool = mysql.createPool(options);
      const connect = pool.getConnection.bind(pool);
      const setUps = new WeakMap<mysql.PoolConnection, Promise<void>>();
      let heardAt = 0;
      const onWord = (): void => void (heardAt = performance.now());
      pool.on('connection', (connection) => {
        onWord();
        setUps.set(connection, setUp(connection, { ...signs, onWord }));
      });
      Object.assign(pool, {
        getConnection: (handOut: HandOut) => {
          const askedAt = performance.now();
          const dueAt = (): number => Math.max(askedAt, heardAt) + silenceMs;
          const settle = inTime(handOut, dueAt, () => new DatabaseUnavailable(options.database ?? 'a database'));
          connect((error, connection) => {
            if (error !== null) {
              report(error, signs);
              settle(error);
              return;
            }
            const ready = (): void => settle(null, connection);
            const refused = (reason: NodeJS.ErrnoException): void => {
              connection.destroy();
              settle(reason);
            };
            void Promise.resolve(setUps.get(connection)).then(ready, refused);
          });
        },
      });
      return pool;
    },
  };
}

/**
 * mysql2 has no limit for the wait in its queue, and a server that is gone takes one attempt to connect after another.
 * The time begins anew with each word of the server: under load a wait may be long, and nothing is wrong.
 * @returns hands out unless it is too late; a connection that nobody waits for any more goes back to the pool
 */
function inTime(handOut: HandOut, dueAt: () => number, tooLate: () => Error): HandOut {
  let isWaiting = true;
  const settle: HandOut = (error, connection) => {
    if (isWaiting) {
      isWaiting = false;
      clearTimeout(timer);
      handOut(error, connection);
    } else {
      connection?.release();
    }
  };
  const look = (): NodeJS.Timeout | undefined => {
    const left = dueAt() - performance.now();
    if (left > 0) return setTimeout(() => (timer = look()), left);
    settle(tooLate());
    return undefined;
  };
  let timer = look();
  return settle;
}

function report(error: mysql.QueryError | NodeJS.ErrnoException, { onSilence, onTrouble }: ServerSigns): void {
  if (SILENCE.has(error.code)) onSilence?.();
  if (isUnavailable(error)) onTrouble?.();
}

/** The errors of a server have a state, those of the driver have none. */
const isWord = (error: mysql.QueryError | null): boolean => error === null || error.sqlState !== undefined;

async function setUp(connection: mysql.PoolConnection, signs: PoolSigns): Promise<void> {
  const ask = (sql: string): Promise<unknown> =>
    new Promise((resolve, reject) => {
      connection.query({ sql, timeout: SETUP_TIMEOUT_MS }, (error, rows) => {
        if (isWord(error)) signs.onWord();
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
function watch(connection: mysql.PoolConnection, signs: PoolSigns): void {
  const query = connection.query.bind(connection) as (...parameters: unknown[]) => TimedQuery;
  Object.assign(connection, {
    query: (...parameters: [...unknown[], Answered]) => {
      const answered = parameters.pop() as Answered;
      const command = query(...parameters, (error: mysql.QueryError | null, ...rest: unknown[]) => {
        // mysql2 3.24 goes on to count when the connection is lost, and calls again when the time for an answer is over. It was
        // mended for other errors: https://github.com/sidorares/node-mysql2/issues/1387
        clearTimeout(command.queryTimeout ?? undefined);
        if (isWord(error)) signs.onWord();
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
