import { globSync, readFileSync } from 'node:fs';
import { insertionsIn, isConstant } from './sql.js';

const root = new URL('../../', import.meta.url);
const SERVER_CODE =
  '{apps/{auth,connection,message,push},libs/{persistence,session,kafka,platform,contracts}}/src/**/*.ts';
const isTest = (file: string) => /\.(spec|int)\.ts$/.test(file);
/** Statements of migrations are made of names and types in their own file; nothing that is sent comes there. */
const isMigration = (file: string) => file.startsWith('libs/persistence/src/migrations/');

/** What is neither a constant nor what somebody sends, and why. */
const HARMLESS: Readonly<Record<string, readonly string[]>> = {
  // `(?, ?), (?, ?)`: placeholders by number.
  'apps/message/src/relay/message-store.ts': ['rows(messages.length, 5)', 'rows(writes.length, 3)'],
  // Names of columns and a condition, chosen between two that are written there.
  'apps/message/src/contact/contact.repository.ts': [
    'other',
    'own',
    'invitedByOthers',
    "side('partner_a_user_id', 'partner_b_user_id')",
    "side('partner_b_user_id', 'partner_a_user_id')",
  ],
  // `SELECT ?, ?, ? UNION ALL …`: placeholders by number.
  'apps/message/src/channel/channel.repository.ts': ['positions'],
};

describe('the text of SQL statements', () => {
  const files = globSync(SERVER_CODE, { cwd: root }).filter((file) => !isTest(file) && !isMigration(file));

  it('is looked at in all server code', () => {
    expect(files).toEqual(expect.arrayContaining(Object.keys(HARMLESS)));
    expect(files.length).toBeGreaterThan(100);
  });

  it('holds nothing but constants: what people send goes in as parameters', () => {
    const doubtful = files.flatMap((file) =>
      insertionsIn(readFileSync(new URL(file, root), 'utf8'))
        .filter(({ expression }) => !isConstant(expression) && HARMLESS[file]?.includes(expression) !== true)
        .map(({ expression, statement }) => `${file}: ${expression} in ${statement}`),
    );
    expect(doubtful).toEqual([]);
  });
});

describe('the check of statements', () => {
  it.each([
    ['a template', 'q(`SELECT a FROM b WHERE c = ${name}`)', ['name']],
    ['a template of several lines', 'q(`UPDATE a\n SET b = ${f({ c })}\n WHERE d = ?`)', ['f({ c })']],
    ['a sum', "q('SELECT a FROM b WHERE c = ' + name)", ['name']],
    ['a constant', 'q(`SELECT a FROM b LIMIT ${MOST}`)', ['MOST']],
    ['parameters', "q('SELECT a FROM b WHERE c = ?', [name])", []],
    ['texts that are no statements', 'log(`selected ${name}`)', []],
  ])('finds what is put into %s', (_what, source, expected) => {
    expect(insertionsIn(source).map(({ expression }) => expression)).toEqual(expected);
  });

  it('tells constants from variables', () => {
    expect(['MOST', 'LIMITS.fetchMessages', 'name', 'row.name', 'f()'].map(isConstant)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
