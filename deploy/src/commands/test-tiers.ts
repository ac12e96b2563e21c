import { globSync } from 'node:fs';
import type { Backend } from '../containers/backend.js';
import type { EngineName } from '../native/databases/database-engine.js';
import { QUIET } from '../node-options.js';
import { inWorkspace, workspaceRoot } from '../workspace.js';

/** Checks of the source as a whole; each counts as one. */
export const CHECKS = ['lint', 'format', 'types'] as const;
/** Tests, told apart by the suffix of their files. */
export const TEST_TIERS = ['unit', 'int', 'e2e'] as const;
export type Check = (typeof CHECKS)[number];
export type TestTier = (typeof TEST_TIERS)[number];

const SUFFIX: Readonly<Record<TestTier, string>> = { unit: 'spec', int: 'int', e2e: 'e2e' };

/** A tier without files of its own: a selection from the fault matrix. */
export const CHAOS = 'chaos';

/** Another one: what is about SQL and replication, once more on the kind of database server that the native runner does not have by itself. */
export const MYSQL_TESTS = 'mysql';
const ABOUT_SQL = ['libs/persistence/', 'apps/auth/', 'apps/message/', 'apps/push/', 'test/e2e/failover.e2e.ts'];
/** Files of which nothing can be said on another kind. */
const isForMysql = (file: string): boolean => /\.mysql\.\w+\.ts$/.test(file);

/** Asks for all tests and for how much of the services they run, without the checks and faults of a whole run. */
export const COVERAGE = 'coverage';

export interface TestPlan {
  readonly checks: readonly Check[];
  readonly files: Readonly<Record<TestTier, readonly string[]>>;
  /** Whether what the tests run is counted, and too little of it fails. */
  readonly isMeasured: boolean;
  /** Files that run again on MySQL. */
  readonly onMysql: Readonly<Pick<Record<TestTier, readonly string[]>, 'int' | 'e2e'>>;
  /** Whether a few faults strike a system under load. */
  readonly withChaos: boolean;
}

const OTHERS: ReadonlySet<string> = new Set([CHAOS, MYSQL_TESTS]);
const isCheck = (word: string): word is Check => CHECKS.some((check) => check === word);
const isTier = (word: string): word is TestTier => TEST_TIERS.some((tier) => tier === word);

/** Every test file of a tier, relative to the checkout. */
export const filesOf = (tier: TestTier): string[] =>
  globSync(`{apps,libs,deploy,test,tools}/**/*.${SUFFIX[tier]}.ts`, {
    cwd: workspaceRoot,
    exclude: (path) => /(^|\/)(node_modules|dist)(\/|$)/.test(path),
  }).toSorted();

/**
 * What the words after `npm test --` ask for: nothing is everything, measured; names of checks and tiers choose those; any other word
 * chooses the files whose path contains it, and no checks. Coverage is that of all tests.
 */
export function planTests(
  words: readonly string[],
  filesIn: (tier: TestTier) => readonly string[] = filesOf,
): TestPlan {
  const everything = words.length === 0;
  const onlyMeasured = words.includes(COVERAGE);
  const isMeasured = everything || onlyMeasured;
  const patterns = onlyMeasured ? [] : words.filter((word) => !isCheck(word) && !isTier(word) && !OTHERS.has(word));
  const tiers = words.filter(isTier);
  const checks = words.filter(isCheck);
  const chosen = (tier: TestTier) => isMeasured || (tiers.length > 0 ? tiers.includes(tier) : patterns.length > 0);
  const files = (tier: TestTier) =>
    chosen(tier)
      ? filesIn(tier)
          .filter((file) => !isForMysql(file))
          .filter((file) => patterns.length === 0 || patterns.some((pattern) => file.includes(pattern)))
      : [];
  const withMysql = words.includes(MYSQL_TESTS);
  const aboutSql = (tier: TestTier) =>
    withMysql
      ? filesIn(tier).filter((file) => isForMysql(file) || ABOUT_SQL.some((part) => file.startsWith(part)))
      : [];
  return {
    checks: everything ? CHECKS : checks,
    files: { unit: files('unit'), int: files('int'), e2e: files('e2e') },
    isMeasured,
    onMysql: { int: aboutSql('int'), e2e: aboutSql('e2e') },
    withChaos: everything || words.includes(CHAOS),
  };
}

/** Test files that share running servers. */
export interface ServerRun {
  readonly tier: 'int' | 'e2e';
  /** What has to run the servers; undefined when either may, as `startTestServers` decides. */
  readonly backend: Backend | undefined;
  /** The kind of database server; undefined when either will do. */
  readonly engine?: EngineName;
  readonly files: readonly string[];
}

/**
 * Which files run on which servers. Integration tests run on `backend`, except those of the native runner itself. System
 * tests kill and pause single processes, which only the native runner offers.
 */
export function planServers({ int, e2e }: TestPlan['files'], backend: Backend): ServerRun[] {
  const ofRunner = (file: string) => backend === 'native' || file.startsWith('deploy/');
  const runs: ServerRun[] = [
    { tier: 'int', backend: undefined, files: int.filter((file) => !ofRunner(file)) },
    { tier: 'int', backend: 'native', files: int.filter(ofRunner) },
    { tier: 'e2e', backend: 'native', files: e2e },
  ];
  return runs.filter((run) => run.files.length > 0);
}

/** The runs on MySQL, which containers have anyway. */
export const planMysql = ({ int, e2e }: TestPlan['onMysql']): ServerRun[] =>
  [
    { tier: 'int' as const, backend: 'native' as const, engine: 'mysql' as const, files: int },
    { tier: 'e2e' as const, backend: 'native' as const, engine: 'mysql' as const, files: e2e },
  ].filter((run) => run.files.length > 0);

const bin = (name: string): string => inWorkspace('node_modules', '.bin', name);

export const CHECK_COMMANDS: Readonly<Record<Check, readonly [string, ...string[]]>> = {
  lint: [bin('oxlint'), '--type-aware', '--deny-warnings'],
  format: [bin('prettier'), '--check', '--log-level', 'warn', '.'],
  types: [bin('nx'), 'run-many', '-t', 'typecheck', '--output-style=static'],
};

/** What makes our programs count, in whichever process of ours they run. */
export const MEASURING: Readonly<Record<string, string>> = {
  PARLEY_COVERAGE: '1',
  NODE_OPTIONS: `--import=${inWorkspace('tools', 'measure', 'register.mjs')}`,
};
export const COVERAGE_COMMAND: readonly [string, ...string[]] = [
  process.execPath,
  inWorkspace('tools', 'measure', 'report.mjs'),
];

export function jestCommand(files: readonly string[], resultFile: string, oneByOne: boolean): [string, ...string[]] {
  return [
    process.execPath,
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    QUIET,
    inWorkspace('node_modules', 'jest', 'bin', 'jest.js'),
    '--json',
    `--outputFile=${resultFile}`,
    ...(oneByOne ? ['--runInBand'] : []),
    '--runTestsByPath',
    ...files,
  ];
}
