import { swcOptions } from './tools/measure/instrument.mjs';

/** Set by `npm run coverage`: what runs is counted. */
const isMeasuring = process.env['PARLEY_COVERAGE'] !== undefined;

/** Runs every tier; the caller picks one by file suffix: `.spec` no I/O, `.int` one part with its real servers, `.e2e` the whole system. */
export default {
  testEnvironment: 'node',
  // Most tests wait for real servers; a unit test that needs a second is a bug that review finds, not the clock.
  testTimeout: 30_000,
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  moduleNameMapper: {
    '^@parley/deploy$': '<rootDir>/deploy/src/index.ts',
    '^@parley/load/random$': '<rootDir>/apps/load/src/run/random.ts',
    '^@parley/client/node$': '<rootDir>/libs/client/src/node.ts',
    '^@parley/(auth|connection|message|push)/config$': '<rootDir>/apps/$1/src/config.ts',
    '^@parley/([^/]+)$': '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '^.+\\.tsx?$': [
      isMeasuring ? '<rootDir>/tools/measure/jest-transformer.mjs' : '@swc/jest',
      { sourceMaps: 'inline', ...swcOptions },
    ],
  },
  reporters: isMeasuring ? ['default', '<rootDir>/tools/measure/jest-reporter.mjs'] : ['default'],
  testMatch: ['**/*.spec.ts', '**/*.int.ts', '**/*.e2e.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/.state/'],
  modulePathIgnorePatterns: ['/dist/', '/.state/'],
};
