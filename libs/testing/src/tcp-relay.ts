import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A stretch of network between a client and a server, which a test can cut. */
export class TcpRelay implements AsyncDisposable {
  private readonly pairs = new Set<readonly [Socket, Socket]>();

  private constructor(
    private readonly listener: Server,
    target: URL,
  ) {
    listener.on('connection', (near) => {
      const far = connect(Number(target.port), target.hostname);
      const pair = [near, far] as const;
      this.pairs.add(pair);
      near.pipe(far).pipe(near);
      for (const socket of pair) {
        // The other side is told by the end of its own socket.
        socket.on('error', () => undefined);
        socket.on('close', () => {
          this.pairs.delete(pair);
          for (const each of pair) each.destroy();
        });
      }
    });
  }

  /** @param server origin such as `http://127.0.0.1:18120` */
  static async to(server: string): Promise<TcpRelay> {
    const listener = createServer();
    const relay = new TcpRelay(listener, new URL(server));
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return relay;
  }

  /** What to use in place of the server's origin. */
  get url(): string {
    return `http://127.0.0.1:${(this.listener.address() as AddressInfo).port}`;
  }

  /** Cuts every connection that runs through here; new ones may come at once. Returns how many there were. */
  cut(): number {
    const cut = [...this.pairs];
    for (const pair of cut) for (const socket of pair) socket.resetAndDestroy();
    return cut.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.listener.close();
    this.cut();
    await once(this.listener, 'close');
  }
}
