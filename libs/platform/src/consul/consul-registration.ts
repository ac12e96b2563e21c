import type { Log } from '../logging/log.js';
import type { ConsulClient, Registration } from './consul-client.js';

const LOOK_EVERY_MS = 2_000;

/**
 * Keeps an instance registered for as long as it runs: Consul may be away at start, lose its memory, or forget an
 * instance that was unhealthy for too long. The service works without it.
 */
export class ConsulRegistration {
  private isStopping = false;
  private endPause: () => void = () => undefined;
  private work: Promise<void> = Promise.resolve();
  private wasReached: boolean | undefined;

  constructor(
    private readonly consul: Pick<ConsulClient, 'isConfigured' | 'register' | 'deregister'>,
    private readonly registration: Registration,
    private readonly log: Log,
  ) {}

  /** Returns at once; registering goes on in the background. */
  start(): void {
    if (this.consul.isConfigured) this.work = this.keepRegistered();
  }

  /** Resolves when Consul has been told, or could not be. */
  async stop(): Promise<void> {
    this.isStopping = true;
    this.endPause();
    await this.work;
    if (this.consul.isConfigured) await this.consul.deregister(this.registration.id);
  }

  private async keepRegistered(): Promise<void> {
    while (!this.isStopping) {
      await this.registerIfUnknown();
      if (!this.isStopping) await this.pause();
    }
  }

  private async pause(): Promise<void> {
    // Spread, so that instances do not come all at once when Consul is back.
    const wait = LOOK_EVERY_MS * (0.75 + Math.random() / 2);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, wait);
      this.endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private async registerIfUnknown(): Promise<void> {
    const { id } = this.registration;
    try {
      if (await this.consul.register(this.registration)) this.log.info({ registration: id }, 'registered in Consul');
      this.wasReached = true;
    } catch (err) {
      // Once per outage, not once per attempt.
      if (this.wasReached !== false)
        this.log.warn({ err, registration: id }, 'cannot register in Consul, will keep trying');
      this.wasReached = false;
    }
  }
}
