import { mendReplicas, type Stack, switchSource } from '@parley/deploy';
import { eventually } from '@parley/testing';
import { below } from '../workload/random.js';
import { type Fault, type Heal, SHORT_PAUSE_MS, type Stage } from './fault.js';

const SHARDS = 2;
const quietly = (): void => undefined;

const anyShard = ({ random, hits }: Stage): number => {
  const shard = 1 + below(random, SHARDS);
  hits(`shard ${shard}`);
  return shard;
};

/** Both servers of a shard change places, and later back again: what an operator does before work on a machine. */
const switchInOrder = async (stage: Stage): Promise<Heal> => {
  const { stack } = stage.system;
  const shard = anyShard(stage);
  await switchSource(stack, shard);
  return async () => void (await switchSource(stack, shard));
};

/** The source dies, its replica takes its place; the dead one comes back as a replica, and then they change again. */
const replaceDead = async (stage: Stage): Promise<Heal> => {
  const { stack } = stage.system;
  const shard = anyShard(stage);
  const dead = stack.process(`database-shard-${shard}`);
  await dead.kill();
  await switchSource(stack, shard);
  return async () => {
    await dead.start();
    await comeBack(stack, shard);
  };
};

/** Both servers change back: a switch refuses until the replica has caught up. */
export const comeBack = (stack: Stack, shard: number): Promise<void> =>
  eventually(async () => {
    await mendReplicas(stack, quietly);
    await switchSource(stack, shard);
  }, 60_000);

export const FAILOVER_FAULTS: readonly Fault[] = [
  {
    name: 'shard-switched',
    title: 'the servers of a shard change places in good order, and back',
    lastsMs: 3000,
    pauseWithinMs: SHORT_PAUSE_MS,
    full: true,
    inject: switchInOrder,
  },
  {
    name: 'shard-replaced',
    title: 'the source of a shard is killed, its replica promoted, and the dead one comes back',
    lastsMs: 3000,
    full: true,
    inject: replaceDead,
  },
];
