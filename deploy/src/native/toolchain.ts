import { mkdir } from 'node:fs/promises';
import { toolchainDir } from '../workspace.js';
import { ensureConsul } from './consul-program.js';
import { ensureClassArchive } from './kafka-training.js';
import { ensureKafkaJars, hasKafkaJars } from './kafka-jars.js';
import { ensureDatabaseTemplate } from './mariadb.js';
import { ensurePackages } from './packages.js';

/** Installs what the servers need, once; a few milliseconds when everything is there. */
export async function ensureToolchain(progress: (line: string) => void): Promise<void> {
  await mkdir(toolchainDir, { recursive: true });
  const fetchJars = !(await hasKafkaJars());
  await Promise.all([
    ensureConsul(progress),
    ensurePackages(fetchJars, progress).then(async () => {
      await Promise.all([ensureDatabaseTemplate(progress), ensureKafkaJars(progress)]);
      await ensureClassArchive(progress);
    }),
  ]);
}
