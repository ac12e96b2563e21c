// node test/bench/stack.main.ts up|down|wipe [--state DIR] [--offset N] [--full-profile] [--connection N] [--message N] [--cpu-prof DIR]
// A quiet stack with raised limits, for work with the load generator by hand.
import { parseArgs } from 'node:util';
import { attachStack } from '@parley/deploy';
import { startBenchStack } from './stack.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    state: { type: 'string', default: '.state/bench' },
    // Below the ports that the system lends to outgoing connections, and apart from those of npm start and npm test.
    offset: { type: 'string', default: '13400' },
    'full-profile': { type: 'boolean', default: false },
    connection: { type: 'string' },
    message: { type: 'string' },
    'cpu-prof': { type: 'string' },
  },
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const [action] = positionals;
if (action === 'up') {
  const stack = await startBenchStack({
    profile: values['full-profile'] ? 'full' : 'single',
    stateDir: values.state,
    portOffset: Number(values.offset),
    scale: {
      ...(values.connection !== undefined && { connection: Number(values.connection) }),
      ...(values.message !== undefined && { message: Number(values.message) }),
    },
    ...(values['cpu-prof'] !== undefined && { profiles: values['cpu-prof'] }),
    owned: false,
  });
  say(`node apps/load/dist/main.js --stack ${stack.descriptionPath} --via direct`);
} else if (action === 'down' || action === 'wipe') {
  const stack = await attachStack(`${values.state}/stack.json`);
  if (action === 'wipe') await stack.wipe();
  else await stack.stop();
} else {
  process.stderr.write(
    'usage: node test/bench/stack.main.ts up|down|wipe [--state DIR] [--offset N] [--full-profile] [--cpu-prof DIR]\n',
  );
  process.exitCode = 1;
}
