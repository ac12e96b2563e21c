import { globSync, readFileSync } from 'node:fs';
import { dialectOf } from '../dialect.js';
import { shardMigrations } from './shard-migrations.js';
import { userDatabaseMigrations } from './user-database-migrations.js';

/** What does not disturb services that were written before it, and does no harm when it is done again. */
const ADDS = [
  /^CREATE TABLE IF NOT EXISTS /,
  // A column that old statements do not name has to fill itself.
  /^ALTER TABLE \w+ ADD COLUMN (?!.*\bNOT NULL\b(?!.*\bDEFAULT\b))/s,
  /^ALTER TABLE \w+ ADD (KEY|INDEX) /,
];

const all = [
  ['the user database', userDatabaseMigrations],
  ['a shard', shardMigrations],
] as const;

describe('the migrations', () => {
  it.each(all)('of %s count from 1 without gaps', (_, migrations) => {
    expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_migration, index) => index + 1));
  });

  it.each(all)('of %s only add, so that the services of the version before go on', (_, migrations) => {
    for (const version of ['8.4.3', '10.11.6-MariaDB']) {
      for (const statement of migrations.flatMap((migration) => migration.statements(dialectOf(version)))) {
        expect(ADDS.filter((form) => form.test(statement))).not.toEqual([]);
      }
    }
  });

  it('would be refused with a step that old services do not survive', () => {
    for (const statement of [
      'ALTER TABLE channel DROP COLUMN title',
      'ALTER TABLE channel ADD COLUMN owner BIGINT NOT NULL',
      'DROP TABLE push_inbox',
    ])
      expect(ADDS.filter((form) => form.test(statement))).toEqual([]);
  });
});

describe('the statements of services', () => {
  const sources = globSync('{apps,libs}/*/src/**/*.ts', {
    cwd: `${import.meta.dirname}/../../../..`,
    exclude: (path) => /\.(spec|int)\.ts$|node_modules|dist/.test(path),
  }).map((file) => [file, readFileSync(`${import.meta.dirname}/../../../../${file}`, 'utf8')] as const);

  it('name the columns that they read and write: a schema that is ahead has more', () => {
    expect(sources.length).toBeGreaterThan(50);
    for (const [file, text] of sources) {
      expect([file, /SELECT\s+(\w+\.)?\*/i.exec(text)?.[0]]).toEqual([file, undefined]);
      expect([file, /INSERT\s+(IGNORE\s+)?INTO\s+\w+\s+(VALUES|SELECT)\b/i.exec(text)?.[0]]).toEqual([file, undefined]);
    }
  });
});
