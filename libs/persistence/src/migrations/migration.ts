import type { Dialect } from '../dialect.js';

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
