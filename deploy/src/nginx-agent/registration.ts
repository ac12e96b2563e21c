import { setTimeout as delay } from 'node:timers/promises';
import type { ConsulClient, Registration } from './consul-client.js';

const INTERVAL_MS = 2000;

/** Keeps the load balancer registered at one Consul server: the first that answers, and the next one when that fails. */
export class KeptRegistration {
  #home: ConsulClient | undefined;
  readonly #stopped = new AbortController();

  constructor(
    private readonly servers: readonly ConsulClient[],
    private readonly registration: Registration,
    private readonly report: (line: string) => void,
  ) {}

  /** Runs until `end` is called. */
  async keep(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      await this.#ensure();
      await delay(INTERVAL_MS, undefined, { signal: this.#stopped.signal }).catch(() => undefined);
    }
  }

  /** Registers again where the registration has disappeared, such as after a server lost its data. */
  async #ensure(): Promise<void> {
    const others = this.servers.filter((server) => server !== this.#home);
    for (const server of this.#home ? [this.#home, ...others] : others) {
      if (await this.#ensureAt(server)) return;
    }
    this.report('no Consul server takes the registration');
  }

  async #ensureAt(server: ConsulClient): Promise<boolean> {
    try {
      if (!(await server.isRegistered(this.registration.id))) {
        await server.register(this.registration);
        this.report(`registered as ${this.registration.id} at ${server.url}`);
      }
      this.#home = server;
      return true;
    } catch {
      return false;
    }
  }

  /** Takes the load balancer out of Consul, wherever it was registered. */
  async end(): Promise<void> {
    this.#stopped.abort();
    await Promise.allSettled(this.servers.map((server) => server.deregister(this.registration.id)));
  }
}
