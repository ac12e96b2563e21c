import Consul from 'consul';
import { z } from 'zod';

/** A service as this agent registers it. */
export interface Registration {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** How it is spoken to. */
  readonly scheme: 'http' | 'https';
  /** `host:port` that Consul asks every two seconds. */
  readonly checkAddress: string;
}

const ServiceList = z.record(z.string(), z.object({ ID: z.string() }));
const HealthList = z.array(
  z.object({
    Node: z.object({ Address: z.string() }),
    Service: z.object({ Address: z.string(), Port: z.number().int() }),
  }),
);

/** Read by the client for each request, although its types do not know it. */
const LIMITED: { timeout: number; token?: string } = { timeout: 3000 };

/** The only file of the agent that knows the `consul` package. One object talks to one Consul server. */
export class ConsulClient {
  readonly #consul: Consul;

  constructor(readonly url: string) {
    const { hostname, port, protocol } = new URL(url);
    this.#consul = new Consul({ host: hostname, port: Number(port || 8500), secure: protocol === 'https:' });
  }

  async register(registration: Registration): Promise<void> {
    await this.#consul.agent.service.register({
      id: registration.id,
      name: registration.name,
      address: registration.address,
      port: registration.port,
      meta: { scheme: registration.scheme },
      check: {
        name: `HTTP ${registration.checkAddress}`,
        http: `${registration.scheme}://${registration.checkAddress}/health/live`,
        // Whether it lives is asked here, not who it is; the certificate may be for another name.
        tlsskipverify: true,
        interval: '2s',
        timeout: '3s',
        deregistercriticalserviceafter: '1m',
      },
      ...LIMITED,
    });
  }

  async isRegistered(id: string): Promise<boolean> {
    const services = ServiceList.parse(await this.#consul.agent.service.list(LIMITED));
    return id in services;
  }

  async deregister(id: string): Promise<void> {
    await this.#consul.agent.service.deregister({ id, ...LIMITED });
  }

  /**
   * Reports the service's healthy instances, as `host:port`, now and after every change. After an error, which is reported
   * once, the watch has ended. Returns a function that ends it.
   */
  watchHealthy(
    service: string,
    onChange: (addresses: string[]) => void,
    onError: (error: unknown) => void,
  ): () => void {
    const watch = this.#consul.watch({
      method: this.#consul.health.service.bind(this.#consul.health),
      options: { service, passing: 'true', wait: '30s' },
    });
    const fail = (error: unknown) => {
      watch.end();
      onError(error);
    };
    watch.once('error', fail);
    watch.on('change', (answer: unknown) => {
      const list = HealthList.safeParse(answer);
      if (!list.success) return fail(list.error);
      // Instances are registered at every Consul server.
      const addresses = list.data.map(({ Node, Service }) => `${Service.Address || Node.Address}:${Service.Port}`);
      onChange([...new Set(addresses)]);
    });
    return () => watch.end();
  }
}
