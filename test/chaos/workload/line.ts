import { TcpRelay } from '@parley/testing';

/** The stretch of network between a device, or many that stand together, and the load balancers: it can be cut. */
export class Line implements AsyncDisposable {
  private readonly relays = new Map<string, Promise<TcpRelay>>();
  private ended: Promise<void> | undefined;

  /** What to use in place of a server's origin. */
  through(url: string): Promise<string> {
    const relay = this.relays.get(url) ?? TcpRelay.to(url);
    this.relays.set(url, relay);
    return relay.then((open) => open.url);
  }

  /** Ends all connections without a word; new ones may come at once. */
  async cut(): Promise<void> {
    for (const relay of this.relays.values()) (await relay).cut();
  }

  /** Whoever stands on it ends it; it ends once. */
  [Symbol.asyncDispose](): Promise<void> {
    this.ended ??= this.end();
    return this.ended;
  }

  private async end(): Promise<void> {
    for (const relay of this.relays.values()) await (await relay)[Symbol.asyncDispose]();
  }
}
