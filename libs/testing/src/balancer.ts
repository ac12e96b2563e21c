import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Stack } from '@parley/deploy';
import { PATHS } from '@parley/protocol';
import { eventually } from './eventually.js';

type Spec = Parameters<Stack['table']['start']>[0];

/** One load balancer of a running system: an agent, which keeps it registered in Consul, and the nginx that it runs. */
export class Balancer {
  private constructor(
    private readonly table: Stack['table'],
    private readonly spec: Spec,
  ) {}

  /** One that the stack has started, such as `nginx-1`. */
  static async of({ table }: Stack, name: string): Promise<Balancer> {
    const record = await table.record(name);
    if (record === undefined) throw new Error(`The system under test has no ${name}`);
    return new Balancer(table, record.spec);
  }

  /** One more, with settings of its own on top of those of the first; whoever adds it stops it. */
  static async add(stack: Stack, name: string, settings: Readonly<Record<string, string>> = {}): Promise<Balancer> {
    const { table, spec } = await Balancer.of(stack, 'nginx-1');
    const port = await freePort();
    const address = `127.0.0.1:${port}`;
    const own = {
      NGINX_ID: name,
      NGINX_NAME: name,
      NGINX_LISTEN: address,
      ADVERTISE_PORT: String(port),
      CHECK_ADDRESS: address,
    };
    const added = new Balancer(table, { ...spec, name, env: { ...spec.env, ...own, ...settings } });
    await added.launch();
    return added;
  }

  get port(): number {
    return Number(this.spec.env?.['ADVERTISE_PORT']);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts it unless it runs. */
  async launch(): Promise<void> {
    await this.table.start(this.spec);
  }

  /** Starts it unless it runs, and waits until it leads to the services. For one that speaks plainly. */
  async start(): Promise<void> {
    await this.launch();
    for (const path of [PATHS.login, PATHS.webSocket])
      await eventually(async () => {
        const { status } = await fetch(new URL(path, this.url), { headers: { connection: 'close' } });
        if (status >= 500) throw new Error(`${this.url}${path} is answered with ${status}`);
      }, 20_000);
  }

  /** Kills the agent and its nginx: every socket breaks, and Consul goes on to name it. */
  async kill(): Promise<void> {
    const { name } = this.spec;
    for (const process of [name, `${name}-master`]) {
      await this.table.signal(process, 'SIGKILL');
      await this.table.waitForEnd(process, 5_000);
    }
    // The workers of a master that was killed keep its port and its sockets.
    await this.table.endAllOrphans();
  }

  /** Only an agent that runs takes it out of Consul. */
  async stop(): Promise<void> {
    await this.launch();
    await this.table.stop(this.spec.name, 10_000);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}
