import { access, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeployError } from '../errors.js';
import { toolchainDir } from '../workspace.js';
import { debianMirror } from './apt-sources.js';
import { findProgram } from './packages.js';
import { run } from './run.js';

const dir = join(toolchainDir, 'consul');
const program = join(dir, 'usr', 'bin', 'consul');
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** The Consul program: the machine's own, or the one `ensureConsul` has unpacked. */
export async function consulProgram(): Promise<string> {
  const found = (await exists(program)) ? program : await findProgram('consul');
  if (found === undefined) throw new DeployError('Consul is not installed yet: run npm start');
  return found;
}

/**
 * Unpacks Consul from Debian's bullseye suite, the only one that has it, through a package list of its own: the machine's
 * sources stay as they are. The program is static, so the package's dependencies are not needed.
 */
export async function ensureConsul(progress: (line: string) => void): Promise<void> {
  if ((await exists(program)) || (await findProgram('consul'))) return;
  if (!(await exists(KEYRING))) {
    throw new DeployError(
      'Consul is missing and this is not a Debian system: install consul from your vendor, then again',
    );
  }
  const mirror = await debianMirror();
  if (mirror === undefined) {
    throw new DeployError(
      'Consul is missing and no Debian mirror is named below /etc/apt: add one that has the suite bullseye, or install consul yourself, then again',
    );
  }
  progress('fetching Consul from the bullseye suite');
  const apt = join(toolchainDir, 'consul.apt');
  const unpacked = join(apt, 'root');
  await rm(apt, { recursive: true, force: true });
  await mkdir(join(apt, 'lists', 'partial'), { recursive: true });
  await mkdir(join(apt, 'cache', 'archives', 'partial'), { recursive: true });
  await writeFile(join(apt, 'sources.list'), `deb [signed-by=${KEYRING}] ${mirror} bullseye main\n`);
  const options = [
    `Dir::Etc::SourceList=${join(apt, 'sources.list')}`,
    'Dir::Etc::SourceParts=-',
    `Dir::State::Lists=${join(apt, 'lists')}`,
    `Dir::Cache=${join(apt, 'cache')}`,
    'Acquire::Languages=none',
    'Acquire::Retries=3',
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option]);
  await run(['apt-get', '-q', ...options, 'update'], { what: 'fetching the bullseye package list' });
  await run(['apt-get', '-q', ...options, 'download', 'consul'], { what: 'downloading Consul', cwd: apt });
  const deb = (await readdir(apt)).find((name) => name.endsWith('.deb'));
  if (deb === undefined) throw new DeployError('downloading Consul left no package: run npm start again');
  await run(['dpkg', '-x', deb, unpacked], { what: 'unpacking Consul', cwd: apt });
  await rm(dir, { recursive: true, force: true });
  await rename(unpacked, dir);
  await rm(apt, { recursive: true, force: true });
}
