import { parseArgs } from 'node:util';
import { addShard } from '../stack/add-shard.js';
import { say } from './output.js';
import { chosenStack } from './run-stacks.js';

/** `shard-add [--state DIR]`: one more message shard, while everything runs. */
export async function shardAdd(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { state: { type: 'string' } } });
  const { said } = await addShard(await chosenStack(values.state), say);
  say(said);
  return 0;
}
