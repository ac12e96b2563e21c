import { CHECKS, planTests, type TestTier } from './test-tiers.js';

const FILES: Record<TestTier, string[]> = {
  unit: ['libs/protocol/src/codec.spec.ts', 'apps/auth/src/password.spec.ts'],
  int: ['libs/kafka/test/ordering.int.ts'],
  e2e: ['test/e2e/messages.e2e.ts'],
};
const plan = (...words: string[]) => planTests(words, (tier) => FILES[tier]);

describe('npm test', () => {
  it('runs everything when nothing is named', () => {
    expect(plan()).toEqual({ checks: CHECKS, files: FILES });
  });

  it('runs the tiers that are named', () => {
    expect(plan('lint', 'e2e')).toEqual({ checks: ['lint'], files: { unit: [], int: [], e2e: FILES.e2e } });
  });

  it('runs the files whose path contains a word', () => {
    expect(plan('kafka')).toEqual({ checks: [], files: { unit: [], int: FILES.int, e2e: [] } });
  });

  it('narrows a named tier by a word', () => {
    expect(plan('unit', 'auth').files).toEqual({ unit: ['apps/auth/src/password.spec.ts'], int: [], e2e: [] });
  });
});
