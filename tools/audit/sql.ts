/** A place where something is put into the text of a statement. */
export interface Insertion {
  /** The expression between the braces, or what is added with a plus. */
  readonly expression: string;
  readonly statement: string;
}

const STATEMENT = /\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|REPLACE INTO|WHERE|ORDER BY|VALUES|UNION ALL)\b/;
const TEMPLATE = /`(?:[^`\\]|\\.)*`/g;
const ADDED = /(?:'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`)\s*\+\s*([^'"`\s][^;,)\n]*)/g;

/** Everything that is put into the text of SQL statements in a source file. */
export function insertionsIn(source: string): Insertion[] {
  const templates = [...source.matchAll(TEMPLATE)].flatMap(([statement]) =>
    STATEMENT.test(statement)
      ? [...statement.matchAll(/\$\{((?:[^{}]|\{[^{}]*\})*)\}/g)].map(([, expression = '']) => ({
          expression,
          statement,
        }))
      : [],
  );
  const sums = [...source.matchAll(ADDED)].flatMap(([statement, quoted = '', template = '', expression = '']) =>
    STATEMENT.test(quoted + template) ? [{ expression, statement }] : [],
  );
  return [...templates, ...sums];
}

/** A constant, written as constants are: nothing that anybody sends can be in it. */
export const isConstant = (expression: string): boolean => /^[A-Z][A-Z0-9_]*(\.\w+)?$/.test(expression);
