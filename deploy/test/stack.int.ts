import { jest } from '@jest/globals';
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { attachStack, createTopology, removeStack, startStack, USER_SCHEMA, type Stack } from '../src/index.js';
import { ProcessTable } from '../src/native/process-table.js';
import { inWorkspace, stateRoot } from '../src/workspace.js';
import { eventually } from './eventually.js';

jest.setTimeout(120_000);

/** Beside the stack of the test command. */
const portOffset = 12_000;
let stateDir: string;
const options = () => ({ stateDir, portOffset, services: false, balancers: false });

beforeEach(async () => {
  stateDir = await mkdtemp(join(stateRoot, 'test', 'stack-'));
});

afterEach(async () => {
  await rm(stateDir, { recursive: true, force: true });
});

async function running(): Promise<string[]> {
  const table = new ProcessTable(stateDir);
  const names = await table.names();
  const alive = await Promise.all(names.map((name) => table.running(name)));
  return names.filter((_, index) => alive[index]).toSorted();
}

const SERVERS = ['consul-1', 'database', 'kafka-1', 'redis-1'];

/** Runs SQL in the user database. */
const ask = async (stack: Stack, sql: string): Promise<string> =>
  (await stack.database('database').ask(`USE ${USER_SCHEMA}; ${sql}`)).trim();

describe('a stack', () => {
  it('keeps its data over stop and start, and is found again by its description', async () => {
    const stack = await startStack(options());
    await ask(stack, 'CREATE TABLE kept (id INT PRIMARY KEY); INSERT INTO kept VALUES (7)');
    await stack.stop();
    expect(await running()).toEqual([]);
    const again = await startStack(options());
    const attached = await attachStack(again.descriptionPath);
    expect(await ask(attached, 'SELECT id FROM kept')).toBe('7');
    await attached.stop();
  });

  it('starts only what does not run', async () => {
    const stack = await startStack(options());
    const before = await stack.status();
    await stack.process('redis-1').kill();
    expect((await stack.status()).find((row) => row.name === 'redis-1')?.health).toBe('crashed');
    await startStack(options());
    const after = await stack.status();
    expect(after.every((row) => row.health === 'ready')).toBe(true);
    const changed = after.filter((row) => row.pid !== before.find((other) => other.name === row.name)?.pid);
    expect(changed.map((row) => row.name)).toEqual(['redis-1']);
    await stack.stop();
  });

  it('names a taken port and its holder, and leaves nothing half-started', async () => {
    const topology = createTopology({ profile: 'single', portOffset });
    const holder = createServer().listen(topology.kafka.brokers[0]?.port, '127.0.0.1');
    await once(holder, 'listening');
    const reason = new RegExp(
      `port ${topology.kafka.brokers[0]?.port}, needed for kafka-1, is used by .*pid ${process.pid}`,
    );
    await expect(startStack(options())).rejects.toThrow(reason);
    expect(await running()).toEqual([]);
    holder.close();
  });

  it('stops when its owner is killed', async () => {
    const program = `import { startStack } from ${JSON.stringify(inWorkspace('deploy', 'dist', 'index.js'))};
      await startStack(${JSON.stringify(options())}); setInterval(() => undefined, 1000);`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'ignore' });
    await eventually(async () => expect(await running()).toEqual(SERVERS), 60_000);
    owner.kill('SIGKILL');
    await eventually(async () => expect(await running()).toEqual([]), 30_000);
  });

  it('stops what it has started although it is told twice, and nobody reads what it says any more', async () => {
    const command = ['infra', 'up', '--state', stateDir, '--offset', String(portOffset), '--no-balancers'];
    const program = spawn(process.execPath, [inWorkspace('deploy', 'dist', 'main.js'), ...command], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = once(program, 'close');
    await eventually(async () => expect((await running()).length).toBeGreaterThan(0), 30_000);
    program.stdout.destroy();
    program.stderr.destroy();
    program.kill('SIGHUP');
    program.kill('SIGHUP');
    await ended;
    expect(await running()).toEqual([]);
  });

  it('is not stopped while somebody starts it', async () => {
    const starting = startStack(options());
    await eventually(async () => expect((await running()).length).toBeGreaterThan(0), 30_000);
    await expect(removeStack(stateDir)).rejects.toThrow('another start or stop is running');
    await (await starting).stop();
    expect(await running()).toEqual([]);
  });

  it('stops what it has started when it is interrupted', async () => {
    const interruption = new AbortController();
    const starting = startStack({ ...options(), signal: interruption.signal });
    const outcome = starting.then(
      () => 'started',
      (error: unknown) => String(error),
    );
    await eventually(async () => expect((await running()).length).toBeGreaterThan(0), 30_000);
    interruption.abort(new Error('enough'));
    expect(await outcome).toBe('Error: enough');
    expect(await running()).toEqual([]);
  });
});
