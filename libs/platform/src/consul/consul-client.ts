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
  /** A server that is alive holds its registration, and all checks pass there. */
  readonly healthy: boolean;
}

/** No Consul server gave an answer. */
export class ConsulUnavailable extends Error {
  override readonly name = 'ConsulUnavailable';
}

const TIMEOUT_MS = 1_000;

const HealthEntries = z.array(
  z.object({
    Node: z.object({ Address: z.string() }),
    Service: z.object({ ID: z.string(), Address: z.string(), Port: z.number() }),
    Checks: z.array(z.object({ CheckID: z.string(), Status: z.string() })),
  }),
);

const Services = z.record(z.string(), z.array(z.string()));
const Registered = z.record(z.string(), z.unknown());

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

  /**
   * Registers the instance at every server that answers and does not have it, so that no server takes it along when
   * it dies. It is checked every second and forgotten when it was critical for a minute.
   * @returns whether it was missing anywhere
   * @throws ConsulUnavailable when no server answers
   */
  async register(registration: Registration): Promise<boolean> {
    const outcomes = await Promise.allSettled(this.servers.map(({ api }) => registerAt(api, registration)));
    const failures = outcomes.flatMap((outcome, index) =>
      outcome.status === 'rejected' ? [describeFailure(this.servers[index]?.url, outcome.reason)] : [],
    );
    if (failures.length === outcomes.length) throw unavailable(failures);
    return outcomes.some((outcome) => outcome.status === 'fulfilled' && outcome.value);
  }

  /** Deregisters at every server; unreachable ones are left out. */
  async deregister(id: string): Promise<void> {
    await Promise.allSettled(this.servers.map(({ api }) => api.agent.service.deregister({ id, ...LIMITED })));
  }

  /** All instances of a service, whatever their health. */
  async instances(service: string): Promise<Instance[]> {
    const entries = await this.ask(HealthEntries, ({ health }) => health.service({ service, ...LIMITED }));
    const instances = new Map<string, Instance>();
    for (const { Node, Service, Checks } of entries) {
      const healthy = Checks.every(({ Status }) => Status === 'passing');
      if (instances.get(Service.ID)?.healthy) continue;
      const address = Service.Address || Node.Address;
      instances.set(Service.ID, { id: Service.ID, address, port: Service.Port, healthy });
    }
    return [...instances.values()];
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
        failures.push(describeFailure(server.url, error));
      }
    }
    throw unavailable(failures);
  }
}

/** Read by the client for each request, although its types do not know it. */
const LIMITED: { timeout: number; token?: string } = { timeout: TIMEOUT_MS };

/** False if the server has the instance already. */
async function registerAt({ agent }: Consul, registration: Registration): Promise<boolean> {
  const { name, id, address, port, healthPath } = registration;
  if (id in Registered.parse(await agent.service.list(LIMITED))) return false;
  const host = address.includes(':') ? `[${address}]` : address;
  const check = {
    name: `${id} is ready`,
    http: `http://${host}:${port}${healthPath}`,
    interval: '1s',
    timeout: '1s',
    deregistercriticalserviceafter: '1m',
  };
  await agent.service.register({ name, id, address, port, check, ...LIMITED });
  return true;
}

const describeFailure = (url: string | undefined, error: unknown): string =>
  `${url}: ${error instanceof Error ? error.message : String(error)}`;

const unavailable = (failures: readonly string[]): ConsulUnavailable =>
  new ConsulUnavailable(failures.join('; ') || 'no Consul server is configured');

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
