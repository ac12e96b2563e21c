import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../errors.js';
import { becomesTrue } from '../native/waiting.js';
import { tlsOf, type AgentConfig } from './agent-config.js';
import { ConsulClient } from './consul-client.js';
import { NginxProcess } from './nginx-process.js';
import { KeptRegistration } from './registration.js';
import { UPSTREAMS, type Instances } from './render.js';
import { WatchedService } from './watched-service.js';

/** Changes that come together, such as several services starting, cost one reload. */
const SETTLE_MS = 100;
const SUPERVISION_MS = 500;
const FIRST_ANSWER_MS = 2000;
const STOP_GRACE_MS = 2000;
/** A worker that dies is replaced by the master at once; one that is still missing after so long will not be. */
const WORKERLESS_MS = 2000;
/** Host names of instances may begin to resolve, or resolve differently, without a word from Consul. */
const REFRESH_MS = 10_000;
/** What nginx has refused may have been half-written, or its machine short of something. */
const RETRY_MS = 2000;

/** Runs one nginx, keeps it registered in Consul, and its upstreams the healthy instances that Consul knows. */
export class NginxAgent {
  readonly #nginx: NginxProcess;
  readonly #services: readonly WatchedService[];
  readonly #registration: KeptRegistration;
  readonly #stopped = new AbortController();
  #dirty = false;
  #refreshAt = 0;
  #servedAt = Date.now();

  constructor(
    config: AgentConfig,
    private readonly report: (line: string) => void,
  ) {
    const servers = config.CONSUL_URLS.map((url) => new ConsulClient(url));
    this.#nginx = new NginxProcess(config);
    this.#services = UPSTREAMS.map((name) => new WatchedService(servers, name, () => (this.#dirty = true)));
    this.#registration = new KeptRegistration(
      servers,
      {
        id: config.NGINX_ID,
        name: 'nginx',
        address: config.ADVERTISE_HOST,
        port: config.ADVERTISE_PORT,
        scheme: tlsOf(config) ? 'https' : 'http',
        checkAddress: config.CHECK_ADDRESS,
      },
      report,
    );
  }

  /** Runs until `stop`. */
  async run(): Promise<void> {
    for (const service of this.#services) service.watch();
    await becomesTrue(async () => this.#knowsAll(), FIRST_ANSWER_MS);
    this.#dirty = true;
    await Promise.all([this.#registration.keep(), this.#supervise()]);
  }

  async #supervise(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      await this.#bringUpToDate().catch((error: unknown) => {
        this.report(`nginx: ${messageOf(error)}`);
        this.#refreshAt = Date.now() + RETRY_MS;
      });
      await delay(this.#dirty ? SETTLE_MS : SUPERVISION_MS, undefined, { signal: this.#stopped.signal }).catch(
        () => undefined,
      );
    }
  }

  async #bringUpToDate(): Promise<void> {
    await this.#replaceWorkerless();
    const running = await this.#nginx.isRunning();
    // A running nginx, taken over from an agent before, keeps the upstreams it has until Consul has told of all.
    if ((this.#dirty || Date.now() >= this.#refreshAt) && (this.#knowsAll() || !running)) {
      this.#dirty = false;
      this.#refreshAt = Date.now() + REFRESH_MS;
      const instances = this.#instances();
      if (await this.#nginx.apply(instances)) this.report(`in rotation: ${JSON.stringify(instances)}`);
    } else if (!running) {
      this.report('nginx is not running: starting it');
      await this.#nginx.start();
    }
  }

  async #replaceWorkerless(): Promise<void> {
    if (await this.#nginx.hasWorkers()) this.#servedAt = Date.now();
    if (!(await this.#nginx.isRunning()) || Date.now() - this.#servedAt < WORKERLESS_MS) return;
    this.report('nginx has no workers: replacing it');
    await this.#nginx.stop(0);
    this.#servedAt = Date.now();
  }

  #knowsAll(): boolean {
    return this.#services.every((service) => service.addresses !== undefined);
  }

  #instances(): Instances {
    const addresses = (name: string) => this.#services.find((one) => one.service === name)?.addresses ?? [];
    return { auth: addresses('auth'), push: addresses('push'), connection: addresses('connection') };
  }

  /** Takes the balancer out of Consul first, so that clients learn of no address that is going away. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    for (const service of this.#services) service.end();
    await this.#registration.end();
    await this.#nginx.stop(STOP_GRACE_MS);
  }
}
