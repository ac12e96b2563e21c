import { rename } from 'node:fs/promises';
import { messageOf } from '../errors.js';
import { loadDatabaseState, pairOf, type DatabasePair } from '../native/databases/database-state.js';
import { engineNamed } from '../native/databases/engines.js';
import type { ReplicatedServer, ReplicationState } from '../native/databases/replicated-server.js';
import { ensureInstalled } from '../native/packages.js';
import type { Stack } from './stack.js';

/** How long a replica may take to get on with its source, in ms. */
const FOLLOW_MS = 10_000;

/**
 * Looks after every replica. One that does not follow, such as one whose disk was full when it was told whom, is told
 * again. One that has transactions which its source never had, because it was the source and crashed before it could
 * pass them on, is copied anew; what it held is put aside, not deleted.
 */
export async function mendReplicas(stack: Stack, progress: (line: string) => void): Promise<void> {
  const state = await loadDatabaseState(stack.description.stateDir);
  const pairs = stack.topology.databases.flatMap((server) =>
    server.replicaOf === undefined ? [] : (pairOf(stack.topology, server, state) ?? []),
  );
  await Promise.all(pairs.map((pair) => mend(stack, pair, progress)));
}

async function mend(stack: Stack, pair: DatabasePair, progress: (line: string) => void): Promise<void> {
  const [source, replica] = [stack.database(pair.source.name), stack.database(pair.replica.name)];
  let state = await replica.replication(source, FOLLOW_MS);
  if (state === 'waiting' && (await source.answers())) {
    progress(`telling ${replica.name} again to follow ${source.name}`);
    state = await letFollow(stack, { replica, source, withinMs: FOLLOW_MS }, progress);
  }
  if (state === 'waiting') progress(`${replica.name} does not follow ${source.name} yet`);
  if (state !== 'diverged') return;
  const aside = `${replica.dataDir}.put-aside-${Date.now()}`;
  progress(`copying ${source.name} to ${replica.name}; what that held alone is in ${aside}`);
  await ensureInstalled(engineNamed(stack.description.engine).dumpPackages, 'use docker compose', progress);
  const process = stack.process(replica.name);
  await process.stop();
  await rename(replica.dataDir, aside);
  await process.start();
  await replica.copyFrom(source, stack.secrets);
}

interface Following {
  readonly replica: ReplicatedServer;
  readonly source: ReplicatedServer;
  readonly withinMs: number;
}

/** Tells a replica whom it follows, and how it gets on. One whose disk is full cannot write it down. */
export async function letFollow(
  { secrets }: Stack,
  { replica, source, withinMs }: Following,
  progress: (line: string) => void,
): Promise<ReplicationState> {
  try {
    await replica.follow(source.server, secrets);
  } catch (error) {
    progress(`${replica.name} cannot be told to follow ${source.name}: ${messageOf(error)}`);
    return 'waiting';
  }
  return replica.replication(source, withinMs);
}
