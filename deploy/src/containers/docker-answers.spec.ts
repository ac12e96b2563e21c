import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dockerAnswers, engineAddresses } from './docker-answers.js';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

/** Something that listens where an engine might. */
async function engine(at: string | number, listener: RequestListener): Promise<AddressInfo | string | null> {
  const server = createServer(listener);
  servers.push(server);
  server.listen(typeof at === 'number' ? { host: '127.0.0.1', port: at } : { path: at });
  await once(server, 'listening');
  return server.address();
}

/** DOCKER_HOST of an engine that says this to a ping. */
async function hostAnswering(status: number): Promise<string> {
  const address = await engine(0, (request, response) => {
    response.writeHead(request.url === '/_ping' ? status : 404).end();
  });
  return typeof address === 'object' ? `tcp://127.0.0.1:${address?.port}` : '';
}

const answersAt = (host: string) => dockerAnswers(engineAddresses({ DOCKER_HOST: host }));

describe('a container engine', () => {
  it('is there when it answers a ping', async () => {
    expect(await answersAt(await hostAnswering(200))).toBe(true);
  });

  it('is not there when it answers with an error', async () => {
    expect(await answersAt(await hostAnswering(500))).toBe(false);
  });

  it('is not there when it accepts connections and stays silent', async () => {
    const address = await engine(0, () => undefined);
    const port = typeof address === 'object' ? address?.port : undefined;
    expect(await answersAt(`tcp://127.0.0.1:${port}`)).toBe(false);
  });

  it('is not there when the connection is refused', async () => {
    const host = await hostAnswering(200);
    await new Promise((resolve) => servers.pop()?.close(resolve));
    expect(await answersAt(host)).toBe(false);
  });

  it('is not there when nothing could be one', async () => {
    expect(await dockerAnswers([])).toBe(false);
    expect(await dockerAnswers([{ socketPath: '/nowhere/docker.sock' }])).toBe(false);
  });

  it('is found at a socket, also when others lead nowhere', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'parley-engine-'));
    await engine(join(folder, 'docker.sock'), (_, response) => response.end('OK'));
    expect(await answersAt(`unix://${folder}/docker.sock`)).toBe(true);
    const usual = engineAddresses({ HOME: '/nowhere', XDG_RUNTIME_DIR: folder }).slice(1);
    expect(await dockerAnswers(usual)).toBe(true);
    await rm(folder, { recursive: true });
  });

  it('is looked for only where DOCKER_HOST says, and not where plain HTTP does not lead', () => {
    expect(engineAddresses({ DOCKER_HOST: 'tcp://engine:2375' })).toEqual([{ host: 'engine', port: 2375 }]);
    expect(engineAddresses({ DOCKER_HOST: 'ssh://engine' })).toEqual([]);
    expect(engineAddresses({ DOCKER_HOST: 'engine' })).toEqual([]);
    expect(engineAddresses({ HOME: '/home/me' })).toContainEqual({ socketPath: '/var/run/docker.sock' });
  });
});
