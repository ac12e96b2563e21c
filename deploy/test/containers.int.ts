import { jest } from '@jest/globals';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IMAGES } from '../src/compose/server-containers.js';
import { dockerAnswers, engineAddresses } from '../src/containers/docker-answers.js';
import { startContainers } from '../src/index.js';
import { FakeEngine } from './fake-engine.js';

jest.setTimeout(60_000);

/** Beside the stack of the test command. */
const portOffset = 12_000;
let folder: string;

beforeEach(async () => {
  // Short: the kernel allows 108 characters for the path of a socket.
  folder = await mkdtemp(join(tmpdir(), 'parley-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Does an engine that treats requests so count as there? */
async function counts(listener: RequestListener, at: 'socket' | 'port' = 'socket'): Promise<boolean> {
  const server = createServer(listener);
  const socket = join(folder, 'docker.sock');
  server.listen(at === 'socket' ? { path: socket } : { host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const address = server.address();
  const host = typeof address === 'object' ? `tcp://127.0.0.1:${address?.port}` : `unix://${socket}`;
  try {
    return await dockerAnswers(engineAddresses({ DOCKER_HOST: host }));
  } finally {
    server.close().closeAllConnections();
  }
}

const pong: RequestListener = (request, response) => response.writeHead(request.url === '/_ping' ? 200 : 404).end();

describe('a container engine', () => {
  it('is there when it answers a ping, at a socket or a port', async () => {
    expect(await counts(pong)).toBe(true);
    expect(await counts(pong, 'port')).toBe(true);
  });

  it('is not there when it answers with an error', async () => {
    expect(await counts((_, response) => response.writeHead(500).end())).toBe(false);
  });

  it('is not there when it accepts connections and stays silent', async () => {
    expect(await counts(() => undefined)).toBe(false);
  });

  it('is not there when connections are refused, or when there is no such socket', async () => {
    // Nobody listens on port 1.
    expect(await dockerAnswers(engineAddresses({ DOCKER_HOST: 'tcp://127.0.0.1:1' }))).toBe(false);
    expect(await dockerAnswers(engineAddresses({ DOCKER_HOST: `unix://${folder}/none.sock` }))).toBe(false);
    expect(await dockerAnswers([])).toBe(false);
  });

  it('is found at one of the usual sockets when others lead nowhere', async () => {
    await mkdir(join(folder, '.docker', 'run'), { recursive: true });
    const engine = createServer(pong).listen(join(folder, '.docker', 'run', 'docker.sock'));
    await once(engine, 'listening');
    const usual = engineAddresses({ HOME: folder, XDG_RUNTIME_DIR: join(folder, 'none') });
    expect(await dockerAnswers(usual)).toBe(true);
    engine.close();
  });
});

describe('the containers of tests', () => {
  let engine: FakeEngine;
  const before = { ...process.env };

  beforeEach(async () => {
    engine = await FakeEngine.start(join(folder, 'docker.sock'));
    process.env['DOCKER_HOST'] = `unix://${folder}/docker.sock`;
    // Testcontainers would ask for a container that watches over the others.
    process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
    // It remembers the engine that it has found.
    jest.resetModules();
  });

  afterEach(() => {
    engine.stop();
    process.env = before;
  });

  it('are asked for in the network of this machine, and removed when they are not reached there', async () => {
    const images = new Set<string>();
    const create = jest.spyOn(engine.containers, 'set');
    await expect(startContainers({ stateDir: folder, portOffset })).rejects.toThrow(
      /^the container \S+ runs but port \d+ of this machine does not lead to it: .*PARLEY_TEST_SERVERS=native$/,
    );
    for (const [, asked] of create.mock.calls) {
      images.add(asked.Image);
      expect(asked.HostConfig.NetworkMode).toBe('host');
    }
    expect(images).toEqual(new Set(Object.values(IMAGES)));
    expect(engine.removed).toHaveLength(4);
    expect(engine.containers.size).toBe(0);
  });

  it('are all removed when one of them does not start, with a word which and why', async () => {
    engine.broken = IMAGES.mysql;
    await expect(startContainers({ stateDir: folder, portOffset })).rejects.toThrow(
      /^the container database does not start: .*no space left on device/,
    );
    expect(engine.removed).toHaveLength(3);
    expect(engine.containers.size).toBe(0);
  });
});
