import { changeDatabaseState, loadDatabaseState } from '../native/databases/database-state.js';
import { withStackLock } from '../native/lock.js';
import { requireFreePorts } from '../native/ports.js';
import { registerShard } from '../native/services.js';
import { openStack, type Stack } from './stack.js';

export interface AddedShard {
  readonly id: number;
  /** What the program said that makes it known. */
  readonly said: string;
  /** The stack with the new shard. */
  readonly stack: Stack;
}

/**
 * Adds a message shard to a running system: its server, its tables, and its entry in the list that services look at.
 * What exists stays where it is. May be run again after an interruption, and goes on with the same shard.
 */
export async function addShard(stack: Stack, progress: (line: string) => void = () => undefined): Promise<AddedShard> {
  const { description } = stack;
  return withStackLock(description.stateDir, async () => {
    const before = await loadDatabaseState(description.stateDir);
    const id = before.addingShard ? before.shards : before.shards + 1;
    await changeDatabaseState(description.stateDir, { shards: id, addingShard: true });
    const grown = await openStack(description);
    await startServers(grown, id, progress);
    const said = await registerShard(grown.env);
    await changeDatabaseState(description.stateDir, { addingShard: false });
    return { id, said: said.trim(), stack: grown };
  });
}

async function startServers(stack: Stack, shard: number, progress: (line: string) => void): Promise<void> {
  const schema = stack.topology.shardSchemas[shard - 1] ?? '';
  const servers = stack.topology.databases.filter(({ schemas }) => schemas.includes(schema));
  for (const server of servers) {
    if (await stack.table.running(server.name)) {
      await stack.database(server.name).createSchema(schema);
      continue;
    }
    const process = stack.process(server.name);
    await requireFreePorts(stack.parts.servers.databases.filter(({ name }) => name === server.name));
    progress(`starting ${server.name}`);
    await process.start();
  }
}
