/** Runs every tier; the caller picks one by file suffix: `.spec` no I/O, `.int` one part with its real servers, `.e2e` the whole system. */
export default {
  testEnvironment: 'node',
  // Most tests wait for real servers; a unit test that needs a second is a bug that review finds, not the clock.
  testTimeout: 30_000,
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  moduleNameMapper: {
    '^@parley/deploy$': '<rootDir>/deploy/src/index.ts',
    '^@parley/client/node$': '<rootDir>/libs/client/src/node.ts',
    '^@parley/(auth|connection|message|push)/config$': '<rootDir>/apps/$1/src/config.ts',
    '^@parley/([^/]+)$': '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '^.+\\.tsx?$': [
      '@swc/jest',
      {
        sourceMaps: 'inline',
        jsc: {
          target: 'es2024',
          keepClassNames: true,
          parser: { syntax: 'typescript', tsx: true, decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
  testMatch: ['**/*.spec.ts', '**/*.int.ts', '**/*.e2e.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/.state/'],
  modulePathIgnorePatterns: ['/dist/', '/.state/'],
};
