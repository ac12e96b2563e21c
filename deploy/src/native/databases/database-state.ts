import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DeployError } from '../../errors.js';
import { FIRST_SHARDS, type DatabaseServer, type Topology } from '../../topology.js';

/** What commands have decided about the databases of a stack. It outlives stops, like the data. */
const DatabaseState = z.object({
  /** Message shards, including one that is being added. */
  shards: z.number().int().min(FIRST_SHARDS).default(FIRST_SHARDS),
  /** A shard has been counted that may not be in use yet. */
  addingShard: z.boolean().default(false),
  /** Servers that began as replicas and are sources now. */
  promoted: z.array(z.string()).default([]),
});
export type DatabaseState = Readonly<z.infer<typeof DatabaseState>>;

const fileIn = (stateDir: string): string => join(stateDir, 'databases.json');

export async function loadDatabaseState(stateDir: string): Promise<DatabaseState> {
  const text = await readFile(fileIn(stateDir), 'utf8').catch(() => '{}');
  const parsed = DatabaseState.safeParse(JSON.parse(text));
  // Without it a source that has been replaced would take writes again.
  if (!parsed.success) throw new DeployError(`${fileIn(stateDir)} is damaged: restore it`);
  return parsed.data;
}

export async function changeDatabaseState(stateDir: string, change: Partial<DatabaseState>): Promise<void> {
  const state = { ...(await loadDatabaseState(stateDir)), ...change };
  await mkdir(stateDir, { recursive: true });
  await writeFile(`${fileIn(stateDir)}.new`, JSON.stringify(state), { flush: true });
  await rename(`${fileIn(stateDir)}.new`, fileIn(stateDir));
}

/** A database with two servers, in the roles that they have now. */
export interface DatabasePair {
  readonly source: DatabaseServer;
  readonly replica: DatabaseServer;
}

/** The pair that a server belongs to; undefined if it has no other. */
export function pairOf(
  { databases }: Pick<Topology, 'databases'>,
  server: DatabaseServer,
  { promoted }: Pick<DatabaseState, 'promoted'>,
): DatabasePair | undefined {
  const first = server.replicaOf === undefined ? server : databases.find(({ name }) => name === server.replicaOf);
  const second = databases.find(({ replicaOf }) => replicaOf !== undefined && replicaOf === first?.name);
  if (first === undefined || second === undefined) return undefined;
  const [source, replica] = promoted.includes(second.name) ? [second, first] : [first, second];
  return { source, replica };
}
