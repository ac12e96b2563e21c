import Consul from 'consul';
import { z } from 'zod';

/** What an instance tells Consul about itself. */
export interface Registration {
  /** Service name. */
  readonly name: string;
  /** Unique among all instances of all services. */
  readonly id: string;
  readonly address: string;
  readonly port: number;
  /** Path that answers 200 while the instance may be given work. */
  readonly healthPath: string;
}

/** An instance as Consul knows it. */
export interface Instance {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  /** All checks pass, those of the machine included. */
  readonly healthy: boolean;
  /** The Consul agent that holds the registration is alive. */
  readonly agentAlive: boolean;
}

/** No Consul server gave an answer. */
export class ConsulUnavailable extends Error {
  override readonly name = 'ConsulUnavailable';
}

const TIMEOUT_MS = 1_000;
const AGENT_CHECK = 'serfHealth';

const HealthEntries = z.array(
  z.object({
    Node: z.object({ Address: z.string() }),
    Service: z.object({ ID: z.string(), Address: z.string(), Port: z.number() }),
    Checks: z.array(z.object({ CheckID: z.string(), Status: z.string() })),
  }),
);

const Services = z.record(z.string(), z.array(z.string()));

/** Several Consul servers as one: a call goes to the last one that worked, then to the others in turn. */
export class ConsulClient {
  private readonly servers: readonly { url: string; api: Consul }[];
  private preferred = 0;

  /** @param urls like `http://127.0.0.1:18500`; may be empty: then every call rejects with {@link ConsulUnavailable} */
  constructor(urls: readonly string[]) {
    this.servers = urls.map((url) => ({ url, api: clientOf(new URL(url)) }));
  }

  get isConfigured(): boolean {
    return this.servers.length > 0;
  }

  /** Registers with a check every second; Consul forgets the instance when it was critical for a minute. */
  async register({ name, id, address, port, healthPath }: Registration): Promise<void> {
    const host = address.includes(':') ? `[${address}]` : address;
    const check = {
      name: `${id} is ready`,
      http: `http://${host}:${port}${healthPath}`,
      interval: '1s',
      timeout: '1s',
      deregistercriticalserviceafter: '1m',
    };
    await this.ask(z.undefined(), ({ agent }) =>
      agent.service.register({ name, id, address, port, check, ...LIMITED }),
    );
  }

  /** Deregisters everywhere: after a fail-over several agents may hold the instance. Unreachable ones are left out. */
  async deregister(id: string): Promise<void> {
    await Promise.allSettled(this.servers.map(({ api }) => api.agent.service.deregister({ id, ...LIMITED })));
  }

  /** All instances of a service, whatever their health. */
  async instances(service: string): Promise<Instance[]> {
    const entries = await this.ask(HealthEntries, ({ health }) => health.service({ service, ...LIMITED }));
    return entries.map(({ Node, Service, Checks }) => ({
      id: Service.ID,
      address: Service.Address || Node.Address,
      port: Service.Port,
      healthy: Checks.every(({ Status }) => Status === 'passing'),
      agentAlive: Checks.every(({ CheckID, Status }) => CheckID !== AGENT_CHECK || Status === 'passing'),
    }));
  }

  /** The instances of a service that may be given work. */
  async healthy(service: string): Promise<Instance[]> {
    return (await this.instances(service)).filter(({ healthy }) => healthy);
  }

  /** Names of all services with their tags. */
  async catalog(): Promise<Record<string, string[]>> {
    return this.ask(Services, ({ catalog }) => catalog.service.list(LIMITED));
  }

  private async ask<S extends z.ZodType>(answerOf: S, call: (api: Consul) => Promise<unknown>): Promise<z.output<S>> {
    const failures: string[] = [];
    const first = this.preferred;
    for (let step = 0; step < this.servers.length; step++) {
      const index = (first + step) % this.servers.length;
      const server = this.servers[index];
      if (server === undefined) break;
      try {
        const answer = answerOf.parse(await call(server.api));
        this.preferred = index;
        return answer;
      } catch (error) {
        // A refusal would be the same everywhere; silence, an inner error (no leader) or nonsense may be this server's alone.
        if (isRefusal(error)) throw error;
        failures.push(`${server.url}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    throw new ConsulUnavailable(failures.join('; ') || 'no Consul server is configured');
  }
}

/** Read by the client for each request, although its types do not know it. */
const LIMITED: { timeout: number; token?: string } = { timeout: TIMEOUT_MS };

const clientOf = ({ protocol, hostname, port }: URL): Consul =>
  new Consul({
    host: hostname,
    port: Number(port) || (protocol === 'https:' ? 443 : 80),
    secure: protocol === 'https:',
  });

const isRefusal = (error: unknown): boolean =>
  error instanceof Error &&
  'statusCode' in error &&
  typeof error.statusCode === 'number' &&
  error.statusCode >= 400 &&
  error.statusCode < 500;
