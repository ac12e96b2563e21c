// npm run bench [-- <names>] [--long] [--full-profile] [--stack FILE] [--docs]
// Starts a stack of its own, measures, and says how far each result is from a bound measured in the same run.
import { resolve } from 'node:path';
import { attachStack } from '@parley/deploy';
import { commandLine } from '@parley/testing';
import { benchmarks } from './benchmarks/all.ts';
import type { Context } from './context.ts';
import { durationIntoDocs, intoDocs, picturesIntoDocs, show } from './report.ts';
import { startBenchStack } from './stack.ts';
import { targets } from './targets.ts';

const USAGE = [
  'usage: npm run bench -- [names] [--long] [--full-profile] [--stack stack.json] [--docs]',
  ...benchmarks.map((each) => `  ${each.name.padEnd(10)} ${each.about}`),
  '--long measures longer and more; --docs writes the tables into docs/, and the targets they decide',
].join('\n');

const { values, positionals } = commandLine(
  {
    allowPositionals: true,
    options: {
      long: { type: 'boolean', default: false },
      'full-profile': { type: 'boolean', default: false },
      stack: { type: 'string' },
      state: { type: 'string', default: '.state/bench' },
      // Below the ports that the system lends to outgoing connections, and apart from those of npm start and npm test.
      offset: { type: 'string', default: '13400' },
      sockets: { type: 'string', default: '10000' },
      seed: { type: 'string', default: '1' },
      docs: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  },
  USAGE,
);

const names = benchmarks.map((each) => each.name);
const unknown = positionals.filter((name) => !names.includes(name));
if (values.help || unknown.length > 0) {
  process.stderr.write([...unknown.map((name) => `there is no benchmark "${name}"`), USAGE, ''].join('\n'));
  process.exit(values.help ? 0 : 1);
}

const profile = values['full-profile'] ? 'full' : 'single';
const started = performance.now();
const stack =
  values.stack === undefined
    ? await startBenchStack({
        profile,
        stateDir: `${values.state}/${profile}`,
        portOffset: Number(values.offset),
        owned: true,
      })
    : await attachStack(resolve(values.stack));
const measured = stack.description.profile;
const context: Context = {
  stack,
  long: values.long,
  seed: Number(values.seed),
  sockets: Number(values.sockets),
  folder: resolve(values.state, 'results', measured),
};
let failed = false;
const done = new Set<string>();
try {
  for (const benchmark of benchmarks.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
    const began = performance.now();
    try {
      const report = await benchmark.run(context);
      failed ||= report.clean === false;
      done.add(benchmark.name);
      show(report, (performance.now() - began) / 1000);
      if (values.docs) await intoDocs(measured, benchmark.name, report);
    } catch (error) {
      failed = true;
      process.stderr.write(
        `${benchmark.name} could not be run: ${error instanceof Error ? error.stack : String(error)}\n`,
      );
    }
  }
  const { report, older } = await targets(context, done);
  const total = (performance.now() - started) / 1000;
  show(report, total);
  if (values.docs) {
    // A target stands beside the table that decides it: both are of the same run.
    await intoDocs(measured, 'targets', report, older);
    if (done.size === benchmarks.length) await durationIntoDocs(measured, values.long ? 'long' : 'short', total);
    if (measured === 'single') await picturesIntoDocs(context.folder);
  }
} finally {
  if (values.stack === undefined) await stack.stop();
}
process.stdout.write(
  `all of it: ${((performance.now() - started) / 1000).toFixed(0)} s; results in ${context.folder}\n`,
);
process.exit(failed ? 2 : 0);
