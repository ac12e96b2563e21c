import { CHECKS, planMysql, planServers, planTests, type TestTier } from './test-tiers.js';

const NONE = { int: [], e2e: [] };
const FILES: Record<TestTier, string[]> = {
  unit: ['libs/protocol/src/codec.spec.ts', 'apps/auth/src/password.spec.ts'],
  int: ['apps/message/test/channels.int.ts', 'libs/kafka/test/ordering.int.ts'],
  e2e: ['test/e2e/failover.e2e.ts', 'test/e2e/messages.e2e.ts'],
};
const FOR_MYSQL = 'deploy/test/compose-databases.mysql.int.ts';
const ABOUT_SQL = { int: ['apps/message/test/channels.int.ts', FOR_MYSQL], e2e: ['test/e2e/failover.e2e.ts'] };
const plan = (...words: string[]) =>
  planTests(words, (tier) => (tier === 'int' ? [...FILES.int, FOR_MYSQL] : FILES[tier]));

describe('npm test', () => {
  it('runs and measures everything when nothing is named', () => {
    expect(plan()).toEqual({ checks: CHECKS, files: FILES, isMeasured: true, onMysql: NONE, withChaos: true });
  });

  it('runs the tiers that are named', () => {
    const files = { unit: [], int: [], e2e: FILES.e2e };
    expect(plan('lint', 'e2e')).toEqual({
      checks: ['lint'],
      files,
      isMeasured: false,
      onMysql: NONE,
      withChaos: false,
    });
  });

  it('runs the files whose path contains a word', () => {
    const files = { unit: [], int: ['libs/kafka/test/ordering.int.ts'], e2e: [] };
    expect(plan('kafka')).toEqual({ checks: [], files, isMeasured: false, onMysql: NONE, withChaos: false });
  });

  it('runs all tests and no checks to measure coverage', () => {
    expect(plan('coverage')).toEqual({ checks: [], files: FILES, isMeasured: true, onMysql: NONE, withChaos: false });
  });

  it('lets faults strike and runs nothing else when that is named', () => {
    expect(plan('chaos')).toEqual({
      checks: [],
      files: { unit: [], int: [], e2e: [] },
      isMeasured: false,
      onMysql: NONE,
      withChaos: true,
    });
  });

  it('runs what is about SQL on MySQL alone when that is named', () => {
    expect(plan('mysql')).toEqual({
      checks: [],
      files: { unit: [], int: [], e2e: [] },
      isMeasured: false,
      onMysql: ABOUT_SQL,
      withChaos: false,
    });
  });

  it('narrows a named tier by a word', () => {
    expect(plan('unit', 'auth').files).toEqual({ unit: ['apps/auth/src/password.spec.ts'], int: [], e2e: [] });
  });
});

describe('the servers of npm test', () => {
  const files = {
    unit: FILES.unit,
    int: ['deploy/test/stack.int.ts', 'libs/kafka/test/ordering.int.ts'],
    e2e: FILES.e2e,
  };

  it('are started once per tier by the native runner', () => {
    expect(planServers(files, 'native')).toEqual([
      { tier: 'int', backend: 'native', files: files.int },
      { tier: 'e2e', backend: 'native', files: files.e2e },
    ]);
  });

  it('are containers for integration tests, but not for those of the native runner', () => {
    expect(planServers(files, 'docker')).toEqual([
      { tier: 'int', backend: undefined, files: ['libs/kafka/test/ordering.int.ts'] },
      { tier: 'int', backend: 'native', files: ['deploy/test/stack.int.ts'] },
      { tier: 'e2e', backend: 'native', files: files.e2e },
    ]);
  });

  it('have MySQL where that is what is tested', () => {
    expect(planMysql(ABOUT_SQL)).toEqual([
      { tier: 'int', backend: 'native', engine: 'mysql', files: ABOUT_SQL.int },
      { tier: 'e2e', backend: 'native', engine: 'mysql', files: ABOUT_SQL.e2e },
    ]);
    expect(planMysql(NONE)).toEqual([]);
  });

  it('are not started for tiers without files', () => {
    expect(planServers({ unit: FILES.unit, int: [], e2e: [] }, 'docker')).toEqual([]);
  });
});
