import type { ConsulClient } from './consul-client.js';

const RETRY_MS = 500;

/** Follows the healthy instances of one service, moving on to the next Consul server when one fails. */
export class WatchedService {
  /** Undefined until Consul has answered for the first time. After that the last answer, also while Consul is away. */
  addresses: readonly string[] | undefined;
  #endWatch: (() => void) | undefined;
  #ended = false;

  constructor(
    private readonly servers: readonly ConsulClient[],
    readonly service: string,
    private readonly onChange: () => void,
  ) {}

  watch(attempt = 0): void {
    const server = this.servers[attempt % this.servers.length];
    if (server === undefined || this.#ended) return;
    this.#endWatch = server.watchHealthy(
      this.service,
      (addresses) => {
        this.addresses = addresses;
        this.onChange();
      },
      () => setTimeout(() => this.watch(attempt + 1), RETRY_MS),
    );
  }

  end(): void {
    this.#ended = true;
    this.#endWatch?.();
  }
}
