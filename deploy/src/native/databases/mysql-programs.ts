import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeployError } from '../../errors.js';
import { toolchainDir } from '../../workspace.js';
import { unpackFromSuite } from '../debian-suite.js';
import { findProgram } from '../packages.js';
import { run } from '../run.js';

const dir = join(toolchainDir, 'mysql');
/** Unpacked programs, with the libraries that they were built for. */
const root = join(dir, 'root');
const bin = join(dir, 'bin');

const PROGRAMS = ['mysqld', 'mysql', 'mysqldump'] as const;
type MysqlProgram = (typeof PROGRAMS)[number];

/** Where a program is as soon as `ensureMysqlPrograms` has been through. */
export const mysqlProgram = (program: MysqlProgram): string => join(bin, program);

/** The newest suite is the only one of Debian that has MySQL. */
const WANTED = {
  title: 'MySQL',
  suite: 'sid',
  packages: ['mysql-server-core', 'mysql-client-core'],
  withLibraries: true,
};

/** Takes the MySQL of this machine, or unpacks one that nothing else will notice. */
export async function ensureMysqlPrograms(progress: (line: string) => void): Promise<void> {
  if (existsSync(bin)) return;
  const made = `${bin}.new`;
  await rm(made, { recursive: true, force: true });
  await mkdir(made, { recursive: true });
  const own = await Promise.all(PROGRAMS.map(ownProgram));
  if (own.every((path) => path !== undefined)) {
    await Promise.all(own.map((path, index) => symlink(path, join(made, PROGRAMS[index] ?? ''))));
  } else {
    await unpackFromSuite(WANTED, root, progress);
    for (const program of PROGRAMS) await writeStarter(program, join(made, program));
  }
  await rename(made, bin);
}

/** MariaDB comes with programs of these names, too. */
async function ownProgram(program: MysqlProgram): Promise<string | undefined> {
  const path = await findProgram(program);
  if (path === undefined) return undefined;
  return /mariadb/i.test(await run([path, '--version'], { what: `${program} --version` })) ? undefined : path;
}

/** A script that runs an unpacked program with the loader and the libraries beside it. */
async function writeStarter(program: MysqlProgram, file: string): Promise<void> {
  const libraries = join(root, 'usr', 'lib');
  const folders = (await readdir(libraries)).filter((name) => name.endsWith('-linux-gnu'));
  const own = join(libraries, folders[0] ?? '');
  const loader = (await readdir(own)).find((name) => /^ld-linux-.*\.so/.test(name));
  if (loader === undefined) throw new DeployError(`MySQL came without its loader: delete ${dir}, then again`);
  const path = join(root, 'usr', program === 'mysqld' ? 'sbin' : 'bin', program);
  // The folders of its plugins and texts are found from there.
  const base = program === 'mysqld' ? ` --basedir='${join(root, 'usr')}'` : '';
  await writeFile(file, `#!/bin/sh\nexec '${join(own, loader)}' --library-path '${own}' '${path}' "$@"${base}\n`);
  await chmod(file, 0o755);
}
