// Which code is measured, and how it is made to count: every source gets its counters before its types are taken away, so
// that what runs in Jest and what runs in a service count the same statements and branches.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** Counters of a run, one file per process, and what was instrumented before. */
export const countersDir = join(root, '.state', 'test', 'coverage', 'counters');
const cacheDir = join(root, '.state', 'test', 'coverage', 'cache');

/** Where the counters are while a program runs. */
export const COUNTERS = '__coverage__';

/** The services and what they are made of; clients of the terminal and the web, the runner and support of tests are not. */
const MEASURED = ['apps/{auth,connection,message,push}/src/**/*.ts', 'libs/!(testing)/src/**/*.ts'];
const measured = /^(apps\/(auth|connection|message|push)|libs\/(?!testing\/)[^/]+)\/src\/.*\.ts$/;
const test = /\.(spec|int|e2e|d)\.ts$/;

/** @param {string} path absolute */
export function isMeasured(path) {
  const name = relative(root, path);
  return measured.test(name) && !test.test(name);
}

/** @param {(pattern: string[], options: { cwd: string }) => string[]} glob */
export const measuredFiles = (glob) =>
  glob(MEASURED, { cwd: root })
    .map((name) => join(root, name))
    .filter(isMeasured);

/** The source a compiled file was made from, if that is measured. @param {string} path absolute */
export function sourceOf(path) {
  const source = path.replace(/\/dist\/(.*)\.js$/, '/src/$1.ts');
  return source !== path && isMeasured(source) ? source : undefined;
}

/**
 * TypeScript that counts, with its source map inside.
 * @param {string} text
 * @param {string} path absolute
 */
export function instrument(text, path) {
  const { createInstrumenter } = require('istanbul-lib-instrument');
  const instrumenter = createInstrumenter({
    esModules: true,
    compact: false,
    preserveComments: true,
    produceSourceMap: true,
    coverageVariable: COUNTERS,
    parserPlugins: ['typescript', 'decorators-legacy'],
  });
  const counting = instrumenter.instrumentSync(text, path);
  const map = Buffer.from(JSON.stringify(instrumenter.lastSourceMap())).toString('base64');
  return {
    code: `${counting}\n//# sourceMappingURL=data:application/json;base64,${map}`,
    // The code knows the hash of the places it counts, the places do not.
    coverage: { ...instrumenter.lastFileCoverage(), hash: /hash = "([0-9a-f]+)"/.exec(counting)?.[1] },
  };
}

/** JavaScript that counts, as Node can run it, and the places it counts. @param {string} path absolute */
export function compiled(path) {
  const text = readFileSync(path, 'utf8');
  const name = createHash('sha256').update(`2\n${path}\n${text}`).digest('hex').slice(0, 32);
  const file = join(cacheDir, `${name}.json`);
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    const { transformSync } = require('@swc/core');
    const { code: typed, coverage } = instrument(text, path);
    const { code } = transformSync(typed, {
      ...swcOptions,
      filename: path,
      sourceMaps: 'inline',
      inputSourceMap: true,
    });
    writeWhole(file, JSON.stringify({ code, coverage }));
    return { code, coverage };
  }
}

/** A reader sees all of it or nothing. */
export function writeWhole(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  const part = `${file}.${process.pid}`;
  writeFileSync(part, text);
  renameSync(part, file);
}

/** How types are taken away, here and in the tests. */
export const swcOptions = {
  jsc: {
    target: 'es2024',
    keepClassNames: true,
    parser: { syntax: 'typescript', tsx: true, decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
  },
  module: { type: 'es6' },
};

/** Only the numbers, by file; `hash` tells whether they belong to the places that somebody knows. */
export const numbersOf = (coverage) =>
  Object.fromEntries(Object.entries(coverage).map(([path, { hash, s, f, b }]) => [path, { hash, s, f, b }]));
