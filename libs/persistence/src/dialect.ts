/** Where MySQL and MariaDB differ in what we write, decided once by {@link dialectOf}. */
export interface Dialect {
  /** Ignores case and accents and minds trailing spaces. */
  readonly nameCollation: string;
  /** Asks a source for what it has committed, as `position`; empty if it does not number its transactions. */
  readonly positionQuery: string;
  /** Waits on a replica for a position (first parameter) for at most so many seconds (second one, above 0). */
  readonly waitQuery: string;
  /** Whether the replica has the whole position, by its answer to `waitQuery`. */
  readonly hasReached: (position: string, answer: WaitAnswer) => boolean;
}

export interface WaitAnswer {
  /** 0 unless the time was over. */
  readonly waited: number | null;
  /** Where the replica is, or was when it began to wait: the server's own comparison does not do. */
  readonly reached: string;
}

const MYSQL: Dialect = {
  nameCollation: 'utf8mb4_0900_ai_ci',
  positionQuery:
    "SELECT IF(@@global.gtid_mode = 'ON', CONCAT(@@global.server_uuid, '=', @@global.gtid_executed), '') AS position",
  waitQuery:
    "SELECT WAIT_FOR_EXECUTED_GTID_SET(SUBSTRING_INDEX(?, '=', -1), ?) AS waited, @@global.gtid_executed AS reached",
  hasReached: (position, { waited, reached }) => waited === 0 && hasNothingElse(position, reached),
};

const MARIADB: Dialect = {
  nameCollation: 'utf8mb4_uca1400_nopad_ai_ci',
  positionQuery: "SELECT IF(@@global.log_bin, @@global.gtid_binlog_pos, '') AS position",
  waitQuery: 'SELECT MASTER_GTID_WAIT(?, ?) AS waited, @@global.gtid_slave_pos AS reached',
  hasReached: (position, { waited, reached }) => waited === 0 && isContinued(position, reached),
};

/** @param version what `SELECT VERSION()` says, such as `8.4.3` or `10.11.6-MariaDB-log` */
export const dialectOf = (version: string): Dialect => (/mariadb/i.test(version) ? MARIADB : MYSQL);

/**
 * MariaDB compares the numbers of transactions alone, and not which server gave them. An old source that holds more than
 * its successor ever received would seem to be ahead of it.
 */
function isContinued(position: string, reached: string): boolean {
  const origins = new Set(reached.split(',').map(originOf));
  return position.split(',').every((gtid) => origins.has(originOf(gtid)));
}

/**
 * MySQL compares sets, and says yes to one that has more. What the source itself writes may be ahead; of every other server,
 * such as an old source that has what its successor never received, the two must have the same.
 * @param position the server that is the source, `=`, and what it has
 */
function hasNothingElse(position: string, reached: string): boolean {
  const [source = '', committed = ''] = position.split('=');
  const known = new Set(setsOf(committed));
  return setsOf(reached).every((set) => known.has(set) || set.startsWith(`${source}:`));
}

/** `server:transactions` of each server. */
const setsOf = (transactions: string): string[] => transactions.replaceAll(/\s/g, '').split(',').filter(Boolean);

/** Domain and server of `domain-server-number`. */
const originOf = (gtid: string): string => gtid.slice(0, gtid.lastIndexOf('-'));
