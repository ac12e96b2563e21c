import { jest } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ensureInstalled, findProgram } from '../src/native/packages.js';
import { inWorkspace, stateRoot } from '../src/workspace.js';

jest.setTimeout(60_000);

/** Commands run with mounts of their own: a disk that is small, a program that is away. Some containers forbid that. */
const isRoot = process.geteuid?.() === 0;
const OWN_MOUNTS = isRoot ? ['--mount'] : ['--mount', '--user', '--map-root-user'];
const mayMount = spawnSync('unshare', [...OWN_MOUNTS, 'true']).status === 0;
const withMounts = mayMount ? it : it.skip;
const withMountsAsRoot = mayMount && isRoot ? it : it.skip;
const asRoot = isRoot ? it : it.skip;

const runner = inWorkspace('deploy', 'dist', 'main.js');

let dir: string;
beforeEach(async () => {
  await mkdir(join(stateRoot, 'test'), { recursive: true });
  dir = await mkdtemp(join(stateRoot, 'test', 'refusals-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

interface Outcome {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs a script of the shell in which only `mounts` are different; `$0` is our folder. */
async function inOwnMounts(script: string): Promise<Outcome> {
  const child = spawn('unshare', [...OWN_MOUNTS, 'sh', '-ec', script, dir], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  // How much a file system of 64 MiB has free, the kernel decides.
  return { code: Number(code), output, errors: errors.replace(/\b6\d MiB free/, '64 MiB free') };
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
const up = `${quoted(process.execPath)} ${quoted(runner)} infra up --offset 13500`;

describe('a start that cannot succeed', () => {
  withMounts('says how much room a new checkout needs, and installs nothing', async () => {
    await cp(inWorkspace('deploy', 'bootstrap.mjs'), join(dir, 'bootstrap.mjs'));
    const { code, output, errors } = await inOwnMounts(`
      mkdir "$0/small"; mount -t tmpfs -o size=64m none "$0/small"
      mkdir "$0/small/deploy"; cp "$0/bootstrap.mjs" "$0/small/deploy"
      ${quoted(process.execPath)} "$0/small/deploy/bootstrap.mjs" start || code=$?
      ls -A "$0/small"; exit $code
    `);
    expect({ code, errors }).toEqual({
      code: 1,
      errors: `parley: 64 MiB free below ${dir}/small, 3000 needed: make room on that disk, then again\n`,
    });
    expect(output).toBe('deploy\n');
  });

  withMounts('says how much room the data needs, and leaves nothing there', async () => {
    const { code, output, errors } = await inOwnMounts(`
      mkdir "$0/small"; mount -t tmpfs -o size=64m none "$0/small"
      ${up} --state "$0/small/state" || code=$?
      ls -A "$0/small/state"; exit $code
    `);
    expect({ code, output, errors }).toEqual({
      code: 1,
      output: '',
      errors: `parley: 64 MiB free below ${dir}/small/state, 500 needed: make room on that disk, then again\n`,
    });
  });

  withMountsAsRoot('names the missing package and the command to whoever is not root', async () => {
    const program = await findProgram('redis-server');
    // Reading stays allowed, wherever this checkout lies; the user is another all the same.
    const asNobody = 'setpriv --reuid=65534 --inh-caps=+dac_override --ambient-caps=+dac_override';
    const { code, output, errors } = await inOwnMounts(`
      mount --bind /dev/null ${quoted(program ?? '')}
      ${asNobody} ${up} --state "$0/state"
    `);
    expect({ code, output, errors }).toEqual({
      code: 1,
      output: '',
      errors:
        'parley: redis-server is missing and only root may install: ' +
        'run "sudo apt-get install --no-install-recommends redis-server", or use docker compose --profile single up\n',
    });
    expect(await readdir(join(dir, 'state'))).toEqual([]);
  });

  asRoot('says what apt has to say of a package that it cannot give, and what else to do', async () => {
    const before = await findProgram('policy-rc.d');
    // No archive at all, so that nothing is downloaded for the test.
    await mkdir(join(dir, 'lists', 'partial'), { recursive: true });
    await writeFile(
      join(dir, 'apt.conf'),
      `Dir::Etc::SourceList "/dev/null"; Dir::Etc::SourceParts "/dev/null"; Dir::State::Lists "${dir}/lists";`,
    );
    process.env['APT_CONFIG'] = join(dir, 'apt.conf');
    const absent = { program: 'parley-absent', package: 'parley-no-such-package' };
    const reason = await ensureInstalled([absent], 'do without', () => undefined).catch(String);
    delete process.env['APT_CONFIG'];
    expect(reason).toBe(
      'DeployError: apt-get install parley-no-such-package failed: exit 100: E: Unable to locate package ' +
        'parley-no-such-package: install by hand with "apt-get install --no-install-recommends ' +
        'parley-no-such-package", or do without',
    );
    expect(await findProgram('policy-rc.d')).toBe(before);
  });
});
