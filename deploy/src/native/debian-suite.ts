import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeployError } from '../errors.js';
import { debianMirror } from './apt-sources.js';
import { run } from './run.js';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** A program that another suite of Debian has than the one this system is. */
export interface Wanted {
  /** Its name as people know it. */
  readonly title: string;
  readonly suite: string;
  readonly packages: readonly string[];
  /** Whether all that the packages need comes along, for this system's libraries are older. */
  readonly withLibraries: boolean;
}

/**
 * Unpacks packages of another suite into `dir`, through a package list of its own: the machine's sources and what is
 * installed stay as they are.
 * @throws DeployError with what to do instead
 */
export async function unpackFromSuite(
  { title, suite, packages, withLibraries }: Wanted,
  dir: string,
  progress: (line: string) => void,
): Promise<void> {
  const install = `install ${title} yourself, then again`;
  if (!existsSync(KEYRING)) throw new DeployError(`${title} is missing and this is not a Debian system: ${install}`);
  const mirror = await debianMirror();
  if (mirror === undefined) {
    throw new DeployError(
      `${title} is missing and no Debian mirror is named below /etc/apt: add one that has the suite ${suite}, or ${install}`,
    );
  }
  progress(`fetching ${title} from the ${suite} suite`);
  const apt = `${dir}.apt`;
  const archives = join(apt, 'cache', 'archives');
  const unpacked = join(apt, 'root');
  await rm(apt, { recursive: true, force: true });
  await mkdir(join(apt, 'lists', 'partial'), { recursive: true });
  await mkdir(join(archives, 'partial'), { recursive: true });
  await writeFile(join(apt, 'sources.list'), `deb [signed-by=${KEYRING}] ${mirror} ${suite} main\n`);
  // To a system that has nothing, everything that is needed has to be brought.
  await writeFile(join(apt, 'status'), '');
  const options = [
    `Dir::Etc::SourceList=${join(apt, 'sources.list')}`,
    'Dir::Etc::SourceParts=-',
    `Dir::State::Lists=${join(apt, 'lists')}`,
    `Dir::State::status=${join(apt, 'status')}`,
    `Dir::Cache=${join(apt, 'cache')}`,
    'Acquire::Languages=none',
    'Acquire::Retries=3',
    'APT::Sandbox::User=root',
    'Debug::NoLocking=1',
  ].flatMap((option) => ['-o', option]);
  await run(['apt-get', '-q', ...options, 'update'], { what: `fetching the package list of ${suite}` });
  const download = withLibraries
    ? ['install', '--download-only', '--no-install-recommends', '-y', ...packages]
    : ['download', ...packages];
  await run(['apt-get', '-q', ...options, ...download], { what: `downloading ${title}`, cwd: archives });
  const files = (await readdir(archives)).filter((name) => name.endsWith('.deb'));
  if (files.length === 0) throw new DeployError(`downloading ${title} left no package: run the same again`);
  for (const file of files) await run(['dpkg', '-x', file, unpacked], { what: `unpacking ${title}`, cwd: archives });
  await rm(dir, { recursive: true, force: true });
  await rename(unpacked, dir);
  await rm(apt, { recursive: true, force: true });
}
