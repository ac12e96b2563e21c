import { jest } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { scopeOf } from '../src/compose/scope.js';
import { serverContainers } from '../src/compose/server-containers.js';
import { createTopology } from '../src/index.js';
import { consulParts, LOOPBACK, writableFrom } from '../src/native/consul.js';
import { ProcessTable } from '../src/native/process-table.js';
import { StackProcess } from '../src/stack/stack-process.js';
import { stateRoot } from '../src/workspace.js';

jest.setTimeout(120_000);

/** Beside the stack of the test command; Consul alone. */
const topology = createTopology({ profile: 'single', portOffset: 12_000 });
const [server] = topology.consul;
const url = `http://127.0.0.1:${server?.httpPort}`;

/** What docker-compose.yml tells Consul in the place of the native runner's word on who may write. */
function composed(option: string): string {
  if (option !== writableFrom(LOOPBACK)) return option;
  const scope = scopeOf(topology);
  const container = serverContainers(scope)[scope.nameOf(server?.name ?? '')];
  const own = container?.command?.find((each) => each.includes('allow_write_http_from'));
  if (own === undefined) throw new Error('docker-compose.yml lets everybody write to Consul');
  return own;
}

let stateDir: string;
let consul: StackProcess | undefined;

async function start(optionOf: (option: string) => string): Promise<void> {
  const [part] = consulParts(topology, stateDir);
  if (part === undefined) throw new Error('no Consul');
  const prepare = async () => {
    const spec = await part.prepare();
    return { ...spec, command: spec.command.map(optionOf) };
  };
  consul = new StackProcess(new ProcessTable(stateDir), { ...part, prepare });
  await consul.start();
}

beforeEach(async () => {
  stateDir = await mkdtemp(join(stateRoot, 'test', 'consul-'));
});

afterEach(async () => {
  await consul?.stop(0);
  await rm(stateDir, { recursive: true, force: true });
});

const register = (path: string, entry: object): Promise<Response> =>
  fetch(`${url}${path}`, { method: 'PUT', body: JSON.stringify(entry) });

/** The ways to have an instance of one's own in the catalog. */
const registrations = async (): Promise<number[]> => {
  const service = { ID: 'auth-x', Service: 'auth', Address: '127.0.0.1', Port: 1 };
  const answers = await Promise.all([
    register('/v1/agent/service/register', { ID: 'auth-x', Name: 'auth', Address: '127.0.0.1', Port: 1 }),
    register('/v1/catalog/register', { Node: 'other', Address: '127.0.0.1', Service: service }),
  ]);
  return answers.map(({ status }) => status);
};

async function catalog(): Promise<unknown[]> {
  const response = await fetch(`${url}/v1/catalog/service/auth`);
  expect(response.status).toBe(200);
  return JSON.parse(await response.text());
}

describe('Consul', () => {
  it('takes registrations from the networks that are named', async () => {
    await start((option) => option);
    expect(await registrations()).toEqual([200, 200]);
    expect(await catalog()).toHaveLength(2);
  });

  it('shows its catalog to anybody else, and lets nobody else register', async () => {
    await start(composed);
    expect(await registrations()).toEqual([403, 403]);
    expect(await catalog()).toEqual([]);
  });
});
