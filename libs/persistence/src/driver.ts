import mysql from 'mysql2';

/**
 * Times are UTC whatever the server's zone; a transaction sees what was committed before each of its statements, so
 * that a decision after a lock is about the locked state; and a lock that is not released is an error within seconds.
 */
const SESSION_SETTINGS = [
  "SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = 3, sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'",
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
];
const SETUP_TIMEOUT_MS = 3_000;

/** How the driver says that a server did not answer in time: to a statement, and to an attempt to connect. */
const SILENCE: ReadonlySet<string | undefined> = new Set(['PROTOCOL_SEQUENCE_TIMEOUT', 'ETIMEDOUT']);

type Answered = (error: mysql.QueryError | null, ...rest: unknown[]) => void;

/**
 * The driver, with every connection of its pools set up before anyone uses it. `onSilence` is called when a server
 * has let the time for an answer pass; such a connection is closed, because whatever came next on it would wait for
 * the same answer, and without limit.
 */
export function driverWith(onSilence: () => void): { createPool(options: mysql.PoolOptions): mysql.Pool } {
  return {
    ...mysql,
    createPool(options: mysql.PoolOptions): mysql.Pool {
      const pool = mysql.createPool(options);
      const connect = pool.getConnection.bind(pool);
      Object.assign(pool, {
        getConnection: (done: Parameters<typeof connect>[0]) =>
          connect((error, connection) => {
            if (SILENCE.has(error?.code)) onSilence();
            done(error, connection);
          }),
      });
      pool.on('connection', (connection) => setUp(connection, onSilence));
      return pool;
    },
  };
}

function setUp(connection: mysql.PoolConnection, onSilence: () => void): void {
  for (const sql of SESSION_SETTINGS) {
    // A connection with other settings must not be used: closing it fails the statement that would follow.
    connection.query({ sql, timeout: SETUP_TIMEOUT_MS }, (error) => error && connection.destroy());
  }
  const query = connection.query.bind(connection) as (...parameters: unknown[]) => mysql.Query;
  Object.assign(connection, {
    query: (...parameters: [...unknown[], Answered]) => {
      const answered = parameters.pop() as Answered;
      return query(...parameters, (error: mysql.QueryError | null, ...rest: unknown[]) => {
        if (SILENCE.has(error?.code)) {
          connection.destroy();
          onSilence();
        }
        answered(error, ...rest);
      });
    },
  });
}
