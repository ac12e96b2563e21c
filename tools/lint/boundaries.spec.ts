import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** Lints one planted file under the project's own rules; returns what is reported. */
async function lint(path: string, source: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'boundaries-'));
  try {
    await cp(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
    await mkdir(join(folder, dirname(path)), { recursive: true });
    await writeFile(join(folder, path), source);
    return await new Promise((resolve) => {
      execFile(join(root, 'node_modules', '.bin', 'oxlint'), [path], { cwd: folder }, (_error, out) => resolve(out));
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

const importing = (name: string) => `import { thing } from '${name}';\nexport const used = thing;\n`;

describe('who may import whom', () => {
  it.each([
    ['an app another app', 'apps/auth/src/a.ts', '@parley/message'],
    ['an app the test library', 'apps/message/src/a.ts', '@parley/testing'],
    ['an app the Kafka client', 'apps/message/src/a.ts', 'kafkajs'],
    ['the protocol anything of ours', 'libs/protocol/src/a.ts', '@parley/contracts'],
    ['the protocol Node', 'libs/protocol/src/a.ts', 'node:fs'],
    ['the contracts infrastructure', 'libs/contracts/src/a.ts', '@parley/kafka'],
    ['the platform a library with chat words', 'libs/platform/src/a.ts', '@parley/contracts'],
    ['a client a server library', 'apps/terminal/src/a.ts', '@parley/platform'],
    ['the runner a library', 'deploy/src/a.ts', '@parley/protocol'],
  ])('forbids %s', async (_what, path, name) => {
    expect(await lint(path, importing(name))).toContain('no-restricted-imports');
  });

  it.each([
    ['apps/auth/src/a.ts', '@parley/session'],
    ['apps/terminal/src/a.ts', '@parley/client'],
    ['libs/contracts/src/a.ts', '@parley/protocol'],
    ['libs/testing/src/a.ts', '@parley/deploy'],
  ])('lets %s import %s', async (path, name) => {
    expect(await lint(path, importing(name))).not.toContain('no-restricted-imports');
  });
});
