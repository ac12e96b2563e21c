import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createTopology } from '../topology.js';
import { scopeOf } from './scope.js';
import { setupContainers } from './setup-containers.js';

const run = promisify(execFile);
const scope = scopeOf(createTopology({ profile: 'full' }));
const [script = ''] = setupContainers(scope)['setup-databases']?.command ?? [];

/** Takes the place of the client in the container: answers how a replica is set, and notes what a server is told. */
const CLIENT = `#!/bin/sh
case "$*" in
  *-replica*persisted_variables*) case "$*" in *"$PROMOTED"*) echo OFF ;; *) echo "$ROLE" ;; esac ;;
  *) echo "-- $2" >> told; cat >> told ;;
esac
`;

async function told(environment: Record<string, string>, client = CLIENT): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'setup-databases-'));
  try {
    await writeFile(join(dir, 'mysql'), client);
    await chmod(join(dir, 'mysql'), 0o755);
    await writeFile(join(dir, 'told'), '');
    const PATH = `${dir}:${process.env['PATH'] ?? ''}`;
    await run('/bin/sh', ['-ec', script.replaceAll('$$', '$')], { cwd: dir, env: { PATH, ...environment } });
    return await readFile(join(dir, 'told'), 'utf8');
  } finally {
    await rm(dir, { recursive: true });
  }
}

describe('setup-databases', () => {
  it.each(['', 'ON'])('makes accounts on each source, and each replica follow its source (%s)', async (ROLE) => {
    const all = await told({ PROMOTED: 'nobody', ROLE, DATABASE_PASSWORD: 'one', REPLICATION_PASSWORD: 'two' });
    expect(all.match(/^-- .*-replica\nSET PERSIST read_only = ON;/gm)).toHaveLength(3);
    expect(all.match(/^-- .*/gm)).toEqual(scope.topology.databases.map(({ name }) => `-- ${name}`));
    expect(all.match(/IDENTIFIED BY 'one'/g)).toHaveLength(3);
    expect(all.match(/SOURCE_PASSWORD='two'/g)).toHaveLength(3);
  });

  it('lets nobody write to a source whose replica was promoted, and tells that replica nothing', async () => {
    const all = await told({ PROMOTED: 'database-shard-1-replica', ROLE: 'ON' });
    expect(all).toContain('-- database-shard-1\nSET PERSIST read_only = ON;\nSET PERSIST super_read_only = ON;\n');
    expect(all).not.toContain('-- database-shard-1-replica');
    expect(all.match(/^START REPLICA/gm)).toHaveLength(2);
  });

  it('fails when it is not known who was promoted', async () => {
    await expect(told({}, '#!/bin/sh\nexit 1\n')).rejects.toThrow();
  });
});
