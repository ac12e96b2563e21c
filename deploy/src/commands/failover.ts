import { parseArgs } from 'node:util';
import { DeployError } from '../errors.js';
import { switchSource, type DatabaseName } from '../stack/switch-source.js';
import { say } from './output.js';
import { chosenStack } from './run-stacks.js';

const USAGE = 'say which database: npm run failover -- --shard 1, or npm run failover -- --users';

function databaseNamed({ shard, users }: { shard: string | undefined; users: boolean }): DatabaseName {
  if (users === (shard !== undefined)) throw new DeployError(USAGE);
  if (shard === undefined) return 'users';
  if (!/^[1-9]\d*$/.test(shard)) throw new DeployError(USAGE);
  return Number(shard);
}

/** `failover --shard N | --users [--accept-loss] [--state DIR]`: the replica becomes the source, and the source the replica. */
export async function failover(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      shard: { type: 'string' },
      users: { type: 'boolean', default: false },
      'accept-loss': { type: 'boolean', default: false },
      state: { type: 'string' },
    },
  });
  const database = databaseNamed({ shard: values.shard, users: values.users });
  const began = Date.now();
  const { source, replica } = await switchSource(await chosenStack(values.state), database, {
    progress: say,
    acceptLoss: values['accept-loss'],
  });
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  say(`${source} is the source now (${seconds} s).`);
  if (replica === 'is away') say('It has no replica: npm start brings the other server back as its replica.');
  return 0;
}
