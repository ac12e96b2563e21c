import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, realpath, rename, rm } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DeployError } from '../errors.js';
import { inWorkspace, toolchainDir } from '../workspace.js';
import { findProgram } from './packages.js';
import { run } from './run.js';

const pom = inWorkspace('deploy', 'kafka', 'pom.xml');

async function jarFolder(): Promise<string> {
  const digest = createHash('sha256')
    .update(await readFile(pom))
    .digest('hex')
    .slice(0, 8);
  return join(toolchainDir, `kafka-${digest}`);
}

export const hasKafkaJars = async (): Promise<boolean> => existsSync(await jarFolder());

/** Kafka's class path, in one order: a class-data archive is valid for exactly one. */
export async function kafkaClassPath(): Promise<string> {
  const folder = await jarFolder();
  const jars = await readdir(folder).catch((): string[] => []);
  if (jars.length === 0) throw new DeployError('Kafka is not installed yet: run npm start');
  return jars
    .toSorted()
    .map((jar) => join(folder, jar))
    .join(':');
}

/** Where the class-data archive for this Java and these jars lies, whether it exists yet or not. */
export async function classArchive(): Promise<{ path: string; made: boolean }> {
  const java = await realpath((await findProgram('java')) ?? '/usr/bin/java');
  const digest = createHash('sha256')
    .update(`${java} ${await kafkaClassPath()}`)
    .digest('hex')
    .slice(0, 8);
  const path = join(toolchainDir, `kafka-${digest}.jsa`);
  return { path, made: existsSync(path) };
}

/** Downloads the broker's jars from Maven's repository; interrupted downloads leave nothing behind that looks whole. */
export async function ensureKafkaJars(progress: (line: string) => void): Promise<void> {
  if (await hasKafkaJars()) return;
  progress('fetching Kafka (45 MB of jars)');
  const download = await mkdtemp(join(toolchainDir, 'kafka-download-'));
  try {
    const goal = [
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      `-DoutputDirectory=${join(download, 'jars')}`,
      `-Dmaven.repo.local=${join(download, 'repository')}`,
    ];
    const fetchJars = () => run(['mvn', '-B', '-q', '-f', pom, ...goal], { what: 'downloading Kafka with Maven' });
    // Maven keeps what it has got, so a second try only fetches the rest.
    await fetchJars().catch(fetchJars);
    await rename(join(download, 'jars'), await jarFolder());
  } finally {
    await rm(download, { recursive: true, force: true });
  }
}
