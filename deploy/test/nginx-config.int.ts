import { jest } from '@jest/globals';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { attachStack, type Stack } from '../src/index.js';
import { balancerEnvironment } from '../src/environment.js';
import { childrenOf } from '../src/native/proc-fs.js';
import { ProcessTable } from '../src/native/process-table.js';
import { nativeNetwork } from '../src/native/services.js';
import { answersOk } from '../src/native/waiting.js';
import { inWorkspace, stateRoot } from '../src/workspace.js';
import { eventually } from './eventually.js';
import { StandIn } from './stand-in.js';

jest.setTimeout(120_000);

const path = process.env['PARLEY_STACK'];
if (path === undefined) throw new Error('PARLEY_STACK names no running servers: run the tests through `npm test`');
const stack: Stack = await attachStack(path);

const AGENT = 'nginx-test';
const standIns: StandIn[] = [];
let stateDir: string;
let template: string;
let table: ProcessTable;
let url: string;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** An agent beside the stack's own, with a template that a test may break. */
beforeEach(async () => {
  stateDir = await mkdtemp(join(stateRoot, 'test', 'nginx-'));
  template = join(stateDir, 'template');
  await cp(inWorkspace('nginx', 'nginx.conf.template'), template);
  table = new ProcessTable(stateDir);
  const balancer = { name: AGENT, id: 'test', port: await freePort() };
  url = `http://127.0.0.1:${balancer.port}`;
  const env = balancerEnvironment(stack.topology, balancer, nativeNetwork, '127.0.0.1', {
    template,
    webRoot: stateDir,
    stateDir,
  });
  await table.start({
    name: AGENT,
    command: [process.execPath, inWorkspace('deploy', 'dist', 'nginx-agent', 'main.js')],
    env,
  });
  await eventually(async () => expect(await answersOk(`${url}/health/live`)).toBe(true));
});

afterEach(async () => {
  for (const one of standIns.splice(0)) await one.remove();
  await table.stop(AGENT, 10_000);
  await rm(stateDir, { recursive: true, force: true });
});

async function standIn(service: string): Promise<StandIn> {
  const started = await StandIn.start(stack.urls.consul[0] ?? '', service);
  standIns.push(started);
  return started;
}

const answer = async (): Promise<number> => (await fetch(`${url}/api/x`, { signal: AbortSignal.timeout(3000) })).status;
const log = (): Promise<string> => readFile(table.logFile(AGENT), 'utf8');
const claims = (port: number) => (text: string) =>
  text.split('\n').some((line) => line.includes('in rotation') && line.includes(`:${port}`));

describe('a configuration that nginx refuses', () => {
  it('never replaces the one in use, is not called in rotation, and is tried again', async () => {
    const first = await standIn('auth');
    await eventually(async () => expect(await answer()).toBe(200));
    const whole = await readFile(template, 'utf8');
    await writeFile(template, `${whole}\nnonsense;\n`);
    const second = await standIn('auth');
    await eventually(async () => expect(await log()).toContain('the test of the new configuration failed'));
    expect(claims(first.port)(await log())).toBe(true);
    expect(claims(second.port)(await log())).toBe(false);
    expect(await readFile(join(stateDir, 'nginx', AGENT, 'nginx.conf'), 'utf8')).not.toContain('nonsense');
    expect(await answer()).toBe(200);
    await writeFile(template, whole);
    await eventually(async () => expect(claims(second.port)(await log())).toBe(true), 30_000);
    first.crash();
    await eventually(async () => expect(await answer()).toBe(200));
  });

  it('is not called in rotation either when only the reload fails', async () => {
    await eventually(async () => expect(await log()).toContain('in rotation'));
    await table.signal(`${AGENT}-master`, 'SIGSTOP');
    const added = await standIn('auth');
    await eventually(async () => expect(await log()).toContain('nginx has not taken the new configuration'), 30_000);
    expect(claims(added.port)(await log())).toBe(false);
    await table.signal(`${AGENT}-master`, 'SIGCONT');
    await eventually(async () => expect(claims(added.port)(await log())).toBe(true), 30_000);
    expect(await answer()).toBe(200);
  });
});

describe('an nginx without workers', () => {
  it('is not ready, and is replaced', async () => {
    const balancer = stack.process('nginx-1');
    const health = async () =>
      (await stack.status()).filter(({ name }) => name.startsWith('nginx-1')).map((row) => `${row.name} ${row.health}`);
    expect(await health()).toEqual(['nginx-1 ready', 'nginx-1-master ready']);
    const before = await stack.table.running('nginx-1-master');
    // The agent would mend it while we look.
    await balancer.pause();
    await stack.table.signal('nginx-1-master', 'SIGSTOP');
    for (const pid of (await childrenOf(before?.pid ?? 0)) ?? []) process.kill(pid, 'SIGKILL');
    expect(await health()).toEqual(['nginx-1 not ready', 'nginx-1-master not ready']);
    await balancer.resume();
    await eventually(async () => {
      const now = await stack.table.running('nginx-1-master');
      expect(now).toBeDefined();
      expect(now?.pid).not.toBe(before?.pid);
      expect(await health()).toEqual(['nginx-1 ready', 'nginx-1-master ready']);
    }, 30_000);
  });
});
