import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

const Asked = z.object({
  Image: z.string(),
  Cmd: z.array(z.string()),
  HostConfig: z.object({ NetworkMode: z.string() }),
});

const json = (response: ServerResponse, status: number, body: unknown): void =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

/** Answers as a container engine does of which every container is healthy at once, and none does anything. */
export class FakeEngine {
  /** What containers were asked for, by their ids; those removed again are not here. */
  readonly containers = new Map<string, z.infer<typeof Asked>>();
  readonly removed: string[] = [];
  /** Name of an image that this engine cannot start. */
  broken: string | undefined;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(socketPath: string): Promise<FakeEngine> {
    const engine = new FakeEngine();
    await rm(socketPath, { force: true });
    engine.#server.listen(socketPath);
    await once(engine.#server, 'listening');
    return engine;
  }

  stop(): void {
    this.#server.close().closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const path = (request.url ?? '').replace(/^\/v[\d.]+(?=\/)/, '').replace(/\?.*/, '');
    const id = /^\/containers\/(c\d+)/.exec(path)?.[1] ?? '';
    if (path === '/info')
      return json(response, 200, { ServerVersion: '28.0.0', OSType: 'linux', Runtimes: {}, Labels: [] });
    if (path === '/networks/bridge') return json(response, 200, { IPAM: { Config: [{ Gateway: '127.0.0.1' }] } });
    if (path === '/containers/json') return json(response, 200, []);
    if (path.startsWith('/images/')) return json(response, 200, { Config: {} });
    if (path === '/containers/create') return this.#create(Asked.parse(JSON.parse(body)), response);
    if (path === `/containers/${id}/json`) return json(response, 200, this.#inspected(id));
    if (request.method === 'DELETE') {
      this.containers.delete(id);
      this.removed.push(id);
    }
    // Everything else (start, stop, the way of a file into a container, its log) succeeds without a word.
    response.end();
  }

  #create(asked: z.infer<typeof Asked>, response: ServerResponse): void {
    if (asked.Image === this.broken) return json(response, 500, { message: 'no space left on device' });
    const id = `c${this.containers.size + this.removed.length + 1}`;
    this.containers.set(id, asked);
    return json(response, 201, { Id: id });
  }

  #inspected(id: string) {
    return {
      Id: id,
      Name: `/${id}`,
      Config: { ...this.containers.get(id), Hostname: id, Labels: {} },
      HostConfig: {},
      State: { Status: 'running', Running: true, StartedAt: '2030-01-01T00:00:00Z', Health: { Status: 'healthy' } },
      NetworkSettings: { Ports: {}, Networks: {} },
    };
  }
}
