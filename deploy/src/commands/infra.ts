import { parseArgs } from 'node:util';
import { resolve } from 'node:path';
import { DeployError } from '../errors.js';
import { findDescription } from '../stack/description.js';
import { startStack } from '../stack/start-stack.js';
import { attachStack } from '../stack/stack.js';
import { interruption, say } from './output.js';

/**
 * `infra up|down|wipe|env --state DIR [--offset N] [--full] [--no-balancers]`: the servers without our services, for work
 * on one part. `up` prints the path of the description; `env` prints the environment for services, ready for `source`.
 */
export async function infra(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      state: { type: 'string' },
      offset: { type: 'string', default: '0' },
      full: { type: 'boolean', default: false },
      'no-balancers': { type: 'boolean', default: false },
    },
  });
  if (values.state === undefined) throw new DeployError('infra needs a folder for its state: --state DIR');
  const stateDir = resolve(values.state);
  if (positionals[0] === 'up') {
    const stack = await startStack({
      profile: values.full ? 'full' : 'single',
      stateDir,
      portOffset: Number(values.offset),
      services: false,
      balancers: !values['no-balancers'],
      owned: false,
      progress: say,
      signal: interruption(),
    });
    say(`stack description: ${stack.descriptionPath}`);
    return 0;
  }
  const description = await findDescription(stateDir);
  if (description === undefined) throw new DeployError(`nothing was started in ${stateDir}`);
  const stack = await attachStack(`${stateDir}/stack.json`);
  if (positionals[0] === 'env') {
    for (const [name, value] of Object.entries(stack.env)) say(`export ${name}='${value}'`);
    return 0;
  }
  if (positionals[0] === 'down') say(`stopped ${await stack.stop()} processes`);
  else if (positionals[0] === 'wipe') await stack.wipe();
  else throw new DeployError('infra takes up, down, wipe or env');
  return 0;
}
