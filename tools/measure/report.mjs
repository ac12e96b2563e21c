// Adds up what all tiers of the tests have counted, says what was never run, and fails under the gate.
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { compiled, countersDir, measuredFiles, root } from './instrument.mjs';

const require = createRequire(import.meta.url);
const { createCoverageMap, createFileCoverage } = require('istanbul-lib-coverage');
const { createContext } = require('istanbul-lib-report');
const reports = require('istanbul-reports');

/** Percent of all that is measured. */
const GATE = { lines: 95, branches: 90 };
/** What a file may miss beyond what is listed for it: what depends on who wins a race is run in some runs only. */
const SLACK = { lines: 8, branches: 12 };
/** What is known not to be run, by file, and why. */
const listed = JSON.parse(readFileSync(join(root, 'tools', 'measure', 'uncovered.json'), 'utf8'));

const places = new Map(measuredFiles(globSync).map((path) => [path, compiled(path).coverage]));
const map = createCoverageMap({});
for (const coverage of places.values()) map.addFileCoverage(structuredClone(coverage));

let processes = 0;
for (const name of readdirSync(countersDir)) {
  processes += 1;
  for (const [path, { hash, s, f, b }] of Object.entries(JSON.parse(readFileSync(join(countersDir, name), 'utf8')))) {
    const known = places.get(path);
    if (known?.hash === hash) map.addFileCoverage(createFileCoverage({ ...known, s, f, b }));
  }
}

const dir = join(root, '.state', 'test', 'coverage', 'report');
for (const report of ['html', 'json-summary', 'json'])
  reports.create(report).execute(createContext({ dir, coverageMap: map }));

const say = (text) => process.stdout.write(`${text}\n`);
const percent = (kind) => map.getCoverageSummary()[kind];
const uncoveredBranches = (file) =>
  Object.entries(file.b).flatMap(([id, counts]) =>
    counts.flatMap((count, at) =>
      count === 0 ? [file.branchMap[id].locations[at].start.line ?? file.branchMap[id].loc.start.line] : [],
    ),
  );

for (const path of map.files().toSorted()) {
  const file = map.fileCoverageFor(path);
  const lines = file.getUncoveredLines();
  const branches = [...new Set(uncoveredBranches(file))].toSorted((a, b) => a - b);
  if (lines.length === 0 && branches.length === 0) continue;
  const { lines: ofLines, branches: ofBranches } = file.toSummary();
  say(
    `${relative(root, path)}: ${ofLines.pct} % lines, ${ofBranches.pct} % branches` +
      `${lines.length > 0 ? `; lines ${lines.join(' ')}` : ''}${branches.length > 0 ? `; branches at ${branches.join(' ')}` : ''}`,
  );
}
const kinds = ['lines', 'branches', 'statements', 'functions'];
say(`\ncoverage of ${places.size} files by ${processes} processes and test files:`);
for (const kind of kinds)
  say(`  ${kind.padEnd(10)} ${percent(kind).pct} % (${percent(kind).covered} of ${percent(kind).total})`);
say(`  page       ${relative(root, join(dir, 'index.html'))}`);

/** Why a file fails, as lines to be said. */
function faultsOf(path) {
  const name = relative(root, path);
  const summary = map.fileCoverageFor(path).toSummary();
  return Object.entries(SLACK).flatMap(([kind, slack]) => {
    const { total, covered } = summary[kind];
    const known = listed[name]?.[kind] ?? 0;
    return total - covered > known + slack
      ? [`${name}: ${total - covered} ${kind} are not run, ${known} are listed in tools/measure/uncovered.json`]
      : [];
  });
}

const faults = [
  ...Object.entries(GATE).flatMap(([kind, least]) =>
    percent(kind).pct < least ? [`${kind} are below ${least} %`] : [],
  ),
  ...map.files().toSorted().flatMap(faultsOf),
  ...Object.keys(listed).flatMap((name) =>
    places.has(join(root, name)) ? [] : [`${name} is listed in tools/measure/uncovered.json and is not measured`],
  ),
];
for (const fault of faults) say(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
