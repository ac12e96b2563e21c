import { jest } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createTopology } from '../src/index.js';
import { sharedEnvironment } from '../src/environment.js';
import { fetchMetadata, type Partition } from '../src/native/kafka-metadata.js';
import { kafkaParts } from '../src/native/kafka.js';
import { ProcessTable } from '../src/native/process-table.js';
import { createTopics, nativeNetwork } from '../src/native/services.js';
import { StackProcess } from '../src/stack/stack-process.js';
import { stateRoot } from '../src/workspace.js';

jest.setTimeout(240_000);

/** Beside the stack of the test command; the brokers alone. */
const topology = createTopology({ profile: 'full', portOffset: 12_000 });
const environment = sharedEnvironment(topology, nativeNetwork, { databasePassword: 'unused', redisPassword: 'unused' });

let stateDir: string;
let brokers: StackProcess[];

beforeEach(async () => {
  stateDir = await mkdtemp(join(stateRoot, 'test', 'brokers-'));
  const table = new ProcessTable(stateDir);
  brokers = kafkaParts(topology, stateDir).map((part) => new StackProcess(table, part));
  await Promise.all(brokers.map((broker) => broker.start()));
});

afterEach(async () => {
  await Promise.all(brokers.map((broker) => broker.stop(0)));
  await rm(stateDir, { recursive: true, force: true });
});

async function partitionsSeenBy(broker: StackProcess | undefined): Promise<readonly Partition[]> {
  return (await fetchMetadata(broker?.port ?? 0))?.partitions ?? [];
}

describe('three brokers', () => {
  it('count as started again only when nothing is lost with the next one that stops', async () => {
    await createTopics(environment);
    const [first] = brokers;
    await first?.kill();
    await first?.start();
    const seen = await partitionsSeenBy(first);
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.filter(({ replicas, inSync }) => inSync.length < replicas.length)).toEqual([]);
  });
});
