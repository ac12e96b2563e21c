import { mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createTopology } from '../topology.js';
import { toolchainDir } from '../workspace.js';
import { brokerCommand, prepareBroker } from './kafka.js';
import { classArchive, kafkaClassPath } from './kafka-jars.js';
import { ProcessTable } from './process-table.js';
import { accepts, becomesTrue } from './waiting.js';

/** Far from every stack's ports: the broker lives for some seconds only. */
const TRAINING_PORT_OFFSET = 12_345;

/** Starts a broker once to record the classes it loads. Later starts take half the time; without it all works as well. */
export async function ensureClassArchive(progress: (line: string) => void): Promise<void> {
  const archive = await classArchive();
  if (archive.made) return;
  progress('preparing fast starts of Kafka');
  const topology = createTopology({ profile: 'single', portOffset: TRAINING_PORT_OFFSET });
  const [broker] = topology.kafka.brokers;
  if (broker === undefined) return;
  const dir = await mkdtemp(join(toolchainDir, 'kafka-training-'));
  const table = new ProcessTable(dir);
  try {
    const propertiesFile = await prepareBroker(topology, broker, dir);
    const unfinished = join(dir, 'classes.jsa');
    const command = brokerCommand([`-XX:ArchiveClassesAtExit=${unfinished}`], await kafkaClassPath(), propertiesFile);
    await table.start({ name: broker.name, command, cwd: dir });
    await becomesTrue(() => accepts(broker.port), 60_000);
    await table.stop(broker.name, 60_000);
    await rename(unfinished, archive.path);
  } catch (error) {
    progress(`Kafka starts will be slower: ${String(error)}`);
  } finally {
    await table.stop(broker.name, 0);
    await rm(dir, { recursive: true, force: true });
  }
}
