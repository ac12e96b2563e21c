import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A stretch of network between a client and a server, which a test can cut, or keep from carrying anything. */
export class TcpRelay implements AsyncDisposable {
  private readonly links = new Set<Link>();
  private held = false;

  private constructor(
    private readonly listener: Server,
    target: URL,
  ) {
    listener.on('connection', (near) => {
      const link = new Link(near, target, () => this.links.delete(link));
      this.links.add(link);
      if (!this.held) link.carry();
    });
  }

  /** @param server origin such as `http://127.0.0.1:18120` */
  static async to(server: string): Promise<TcpRelay> {
    const listener = createServer({ pauseOnConnect: true });
    const relay = new TcpRelay(listener, new URL(server));
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return relay;
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port;
  }

  /** What to use in place of the server's origin. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Cuts every connection that runs through here; new ones may come at once. Returns how many there were. */
  cut(): number {
    const cut = [...this.links];
    for (const link of cut) link.cut();
    return cut.length;
  }

  /** Nothing passes any more, not even the end of a connection: each side waits for the other. New ones wait as well. */
  hold(): void {
    this.held = true;
    for (const link of this.links) link.hold();
  }

  /** Everything passes again, what was sent meanwhile first. */
  release(): void {
    this.held = false;
    for (const link of this.links) link.carry();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.listener.close();
    this.cut();
    await once(this.listener, 'close');
  }
}

/** One connection through the relay. */
class Link {
  private far: Socket | undefined;
  private held = true;
  /** One side has ended while nothing passed; the other is told when something does. */
  private ended = false;

  constructor(
    private readonly near: Socket,
    private readonly target: URL,
    private readonly onEnd: () => void,
  ) {
    this.watch(near);
  }

  carry(): void {
    if (!this.held) return;
    this.held = false;
    if (this.ended) return this.cut();
    if (this.far === undefined) this.watch((this.far = connect(Number(this.target.port), this.target.hostname)));
    this.near.pipe(this.far).pipe(this.near);
  }

  hold(): void {
    this.held = true;
    for (const socket of [this.near, this.far]) socket?.unpipe().pause();
  }

  cut(): void {
    this.near.resetAndDestroy();
    this.far?.resetAndDestroy();
    this.onEnd();
  }

  private watch(socket: Socket): void {
    // The other side is told by the end of its own socket.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.ended = true;
      if (this.held) return;
      this.near.destroy();
      this.far?.destroy();
      this.onEnd();
    });
  }
}
