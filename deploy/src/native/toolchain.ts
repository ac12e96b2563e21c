import { mkdir } from 'node:fs/promises';
import { toolchainDir } from '../workspace.js';
import { ensureConsul } from './consul-program.js';
import { ensureClassArchive } from './kafka-training.js';
import { ensureKafkaJars, hasKafkaJars } from './kafka-jars.js';
import { ensureDatabaseTemplate } from './mariadb.js';
import { ensurePackages, requireInstallable } from './packages.js';

/** Waits for all of them, also when one fails: nothing goes on behind an error that has been told. */
async function allSettled(works: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(works);
  await Promise.all(works);
}

/** Installs what the servers need, once; a few milliseconds when everything is there. */
export async function ensureToolchain(progress: (line: string) => void): Promise<void> {
  await mkdir(toolchainDir, { recursive: true });
  const fetchJars = !(await hasKafkaJars());
  await requireInstallable(fetchJars);
  await allSettled([
    ensureConsul(progress),
    ensurePackages(fetchJars, progress).then(async () => {
      await allSettled([ensureDatabaseTemplate(progress), ensureKafkaJars(progress)]);
      await ensureClassArchive(progress);
    }),
  ]);
}
