/** Where MySQL and MariaDB differ in what we write, decided once by {@link dialectOf}. */
export interface Dialect {
  /** Ignores case and accents and minds trailing spaces. */
  readonly nameCollation: string;
}

/** One step of a schema. Never edited once released: a change is a new step. */
export interface Migration {
  /** 1, 2, 3 ... */
  readonly version: number;
  readonly name: string;
  /**
   * Run in order, each committed at once, as both servers do with definitions. A run that is killed in between is
   * repeated from the first one, so every statement must do no harm where it has been done before; a column or key
   * that is there already counts as added. Only additions: the services of the version before run on it.
   */
  statements(dialect: Dialect): readonly string[];
}

/** @param version what `SELECT VERSION()` says, such as `8.4.3` or `10.11.6-MariaDB-log` */
export const dialectOf = (version: string): Dialect =>
  /mariadb/i.test(version) ? { nameCollation: 'utf8mb4_uca1400_nopad_ai_ci' } : { nameCollation: 'utf8mb4_0900_ai_ci' };
