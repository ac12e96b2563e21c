import { mkdir } from 'node:fs/promises';
import { toolchainDir } from '../workspace.js';
import { ensureConsul } from './consul-program.js';
import { ensureClassArchive } from './kafka-training.js';
import { ensureKafkaJars, hasKafkaJars } from './kafka-jars.js';
import type { DatabaseEngine } from './databases/database-engine.js';
import { ensureDatabaseTemplate } from './databases/databases.js';
import { ensurePackages, JAR_FETCHER, requireInstallable, SERVERS, type Needed } from './packages.js';

/** Waits for all of them, also when one fails: nothing goes on behind an error that has been told. */
async function allSettled(works: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(works);
  await Promise.all(works);
}

const neededPackages = (engine: DatabaseEngine, fetchJars: boolean): readonly Needed[] => [
  ...engine.packages,
  ...SERVERS,
  ...(fetchJars ? [JAR_FETCHER] : []),
];

async function ensureDatabase(engine: DatabaseEngine, progress: (line: string) => void): Promise<void> {
  await engine.ensurePrograms(progress);
  await ensureDatabaseTemplate(engine, progress);
}

/** Installs what the servers need, once; a few milliseconds when everything is there. */
export async function ensureToolchain(engine: DatabaseEngine, progress: (line: string) => void): Promise<void> {
  await mkdir(toolchainDir, { recursive: true });
  const fetchJars = !(await hasKafkaJars());
  const needed = neededPackages(engine, fetchJars);
  await requireInstallable(needed);
  await allSettled([
    ensureConsul(progress),
    ensurePackages(needed, progress).then(async () => {
      await allSettled([ensureDatabase(engine, progress), ensureKafkaJars(progress)]);
      await ensureClassArchive(progress);
    }),
  ]);
}
