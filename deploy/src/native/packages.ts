import { access, chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { DeployError, messageOf } from '../errors.js';
import { run } from './run.js';

/** A program and the Debian package that brings it. */
export interface Needed {
  readonly program: string;
  readonly package: string;
}

/** The servers of every system; which database server it has is its own choice. */
export const SERVERS: readonly Needed[] = [
  { program: 'redis-server', package: 'redis-server' },
  { program: 'nginx', package: 'nginx-light' },
  { program: 'java', package: 'default-jre-headless' },
];
/** Fetches the jars of Kafka. */
export const JAR_FETCHER: Needed = { program: 'mvn', package: 'maven' };
const BROWSER: Needed = { program: 'chromium', package: 'chromium' };

/** Services that the packages above start at boot; those we brought in are not, since the runner starts its own. */
const BOOT_SERVICES: Readonly<Record<string, string>> = { 'redis-server': 'redis-server', 'nginx-light': 'nginx' };

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
  for (const service of packages.flatMap((name) => BOOT_SERVICES[name] ?? [])) {
    // Does it for systemd and for older ways to boot; where neither is known, nothing starts at boot.
    await run(['update-rc.d', service, 'disable'], { what: `update-rc.d ${service}` }).catch(() => undefined);
  }
}

const commandFor = (packages: readonly string[]): string =>
  `apt-get install --no-install-recommends ${packages.join(' ')}`;

/**
 * The packages that have to be installed; fails when that cannot be done.
 * @param otherwise what else somebody can do who cannot install packages
 */
async function toInstall(needed: readonly Needed[], otherwise: string): Promise<string[]> {
  const packages = await missing(needed);
  if (packages.length === 0) return packages;
  const what = `${packages.join(', ')} ${packages.length === 1 ? 'is' : 'are'} missing`;
  if (!(await findProgram('apt-get'))) {
    throw new DeployError(`${what} and this system has no apt-get: install by hand, or ${otherwise}`);
  }
  if (process.geteuid?.() !== 0) {
    throw new DeployError(`${what} and only root may install: run "sudo ${commandFor(packages)}", or ${otherwise}`);
  }
  return packages;
}

/** Installs what is missing. Fails with what to do instead. */
export async function ensureInstalled(
  needed: readonly Needed[],
  otherwise: string,
  progress: (line: string) => void,
): Promise<void> {
  const packages = await toInstall(needed, otherwise);
  if (packages.length === 0) return;
  progress(`installing ${packages.join(', ')} (apt-get, no service is started)`);
  await installPackages(packages).catch((error: unknown) => {
    throw new DeployError(`${messageOf(error)}: install by hand with "${commandFor(packages)}", or ${otherwise}`);
  });
  const still = await missing(needed);
  if (still.length === 0) return;
  throw new DeployError(`${still.join(', ')} did not bring what is needed: install by hand, or ${otherwise}`);
}

const COMPOSE = 'use docker compose --profile single up';

/** Fails, before anything is begun, when packages are missing that cannot be installed here. */
export async function requireInstallable(needed: readonly Needed[]): Promise<void> {
  await toInstall(needed, COMPOSE);
}

/** Makes sure that programs are there without which nothing runs. */
export const ensurePackages = (needed: readonly Needed[], progress: (line: string) => void): Promise<void> =>
  ensureInstalled(needed, COMPOSE, progress);

/** Makes sure there is a browser, for tests of the web page only, and tells where. */
export async function ensureBrowser(progress: (line: string) => void): Promise<string> {
  await ensureInstalled([BROWSER], 'leave out the tests of the web page', progress);
  return (await findProgram(BROWSER.program)) ?? BROWSER.program;
}
