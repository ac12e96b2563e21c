import { access, chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { DeployError } from '../errors.js';
import { run } from './run.js';

/** A program and the Debian package that brings it. */
interface Needed {
  readonly program: string;
  readonly package: string;
}

const SERVERS: readonly Needed[] = [
  // The core package has the server program without a system service.
  { program: 'mariadbd', package: 'mariadb-server-core' },
  { program: 'redis-server', package: 'redis-server' },
  { program: 'nginx', package: 'nginx-light' },
  { program: 'java', package: 'default-jre-headless' },
];
const MAVEN: Needed = { program: 'mvn', package: 'maven' };
const BROWSER: Needed = { program: 'chromium', package: 'chromium' };

/** Units that the packages above enable; we disable those we brought in, since the runner starts its own processes. */
const UNITS: Readonly<Record<string, string>> = { 'redis-server': 'redis-server', 'nginx-light': 'nginx' };

const POLICY = '/usr/sbin/policy-rc.d';
const PROGRAM_FOLDERS = [
  ...(process.env['PATH'] ?? '').split(':'),
  '/usr/local/sbin',
  '/usr/sbin',
  '/sbin',
  '/usr/bin',
];

export async function findProgram(program: string): Promise<string | undefined> {
  for (const folder of PROGRAM_FOLDERS) {
    const path = join(folder, program);
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  return undefined;
}

/** Runs `work` while the package manager is told to start no service, and puts the machine's own policy back. */
async function withoutServiceStarts<T>(work: () => Promise<T>): Promise<T> {
  const before = await readFile(POLICY, 'utf8').catch(() => undefined);
  await writeFile(POLICY, '#!/bin/sh\nexit 101\n');
  await chmod(POLICY, 0o755);
  try {
    return await work();
  } finally {
    if (before === undefined) await rm(POLICY, { force: true });
    else await writeFile(POLICY, before);
  }
}

async function missing(needed: readonly Needed[]): Promise<string[]> {
  const found = await Promise.all(needed.map(async (one) => ((await findProgram(one.program)) ? [] : [one.package])));
  return found.flat();
}

async function installPackages(packages: readonly string[]): Promise<void> {
  const apt = ['-q', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3'];
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await run(['apt-get', ...apt, 'update'], { what: 'apt-get update', env });
  await withoutServiceStarts(() =>
    run(['apt-get', ...apt, 'install', '-y', '--no-install-recommends', ...packages], {
      what: `apt-get install ${packages.join(' ')}`,
      env,
    }),
  );
  const units = packages.flatMap((name) => UNITS[name] ?? []);
  if (units.length > 0 && (await findProgram('systemctl'))) {
    await run(['systemctl', 'disable', ...units], { what: 'systemctl disable' }).catch(() => undefined);
  }
}

/** @param otherwise what else somebody can do who cannot install packages */
async function ensure(needed: readonly Needed[], otherwise: string, progress: (line: string) => void): Promise<void> {
  const packages = await missing(needed);
  if (packages.length === 0) return;
  const command = `apt-get install --no-install-recommends ${packages.join(' ')}`;
  if (!(await findProgram('apt-get'))) {
    throw new DeployError(
      `${packages.join(', ')} missing and this system has no apt-get: install them yourself, or ${otherwise}`,
    );
  }
  if (process.getuid?.() !== 0) {
    throw new DeployError(
      `${packages.join(', ')} missing and only root may install: run "sudo ${command}", then again`,
    );
  }
  progress(`installing ${packages.join(', ')} (apt-get, no service is started)`);
  await installPackages(packages);
  const still = await missing(needed);
  if (still.length > 0)
    throw new DeployError(`${still.join(', ')} still missing after the installation: run ${command}`);
}

/** Makes sure the server programs are there; Maven only when Kafka's jars have still to be fetched. */
export const ensurePackages = (needMaven: boolean, progress: (line: string) => void): Promise<void> =>
  ensure(needMaven ? [...SERVERS, MAVEN] : SERVERS, 'use docker compose --profile single up', progress);

/** Makes sure there is a browser, for tests of the web page only, and tells where. */
export async function ensureBrowser(progress: (line: string) => void): Promise<string> {
  await ensure([BROWSER], 'leave out the tests of the web page', progress);
  return (await findProgram(BROWSER.program)) ?? BROWSER.program;
}
