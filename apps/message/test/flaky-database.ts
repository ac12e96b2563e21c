import { connect, createServer, type Server, type Socket } from 'node:net';
import { databaseEnv } from '@parley/persistence';
import { loadConfig } from '@parley/platform';
import { z } from 'zod';

/** A way to a database server that can be cut. */
export class FlakyDatabase {
  private readonly sockets = new Set<Socket>();
  private isCut = false;
  private isSilent = false;
  private withheld: readonly string[] = [];
  private doomed: string | undefined;
  private isCutAfter = false;
  private onRefused: (() => void)[] = [];

  private constructor(
    private readonly server: Server,
    private readonly target: { host: string; port: number },
  ) {
    server.on('connection', (client) => this.join(client));
  }

  /** @param target the server of the user database, unless told otherwise */
  static async open(
    { host, port }: { host: string; port: number } = loadConfig(z.object(databaseEnv)).USER_DB_SOURCE_URL,
  ): Promise<FlakyDatabase> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new FlakyDatabase(server, { host, port });
  }

  get address(): { host: string; port: number } {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return { host: '127.0.0.1', port: address.port };
  }

  /** From now on nobody gets through. */
  cut(): void {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
  }

  /** Resolves when somebody has tried in vain to get through. */
  refusal(): Promise<void> {
    return new Promise((resolve) => this.onRefused.push(resolve));
  }

  /** From now on nothing gets through, in either direction, and nobody is told: as if the machine were gone. */
  silence(): void {
    this.isSilent = true;
  }

  /** From now on statements with one of these texts do not get through, while the server answers others. */
  withhold(...texts: string[]): void {
    this.withheld = texts;
  }

  mend(): void {
    this.isCut = false;
    this.withheld = [];
    this.isSilent = false;
  }

  /**
   * The server gets the next statement that contains `text`; its answer gets lost, and with it the connection.
   * @param then whether the next one gets through
   */
  loseAnswerTo(text: string, then: 'go on' | 'cut' = 'go on'): void {
    this.doomed = text;
    this.isCutAfter = then === 'cut';
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(client: Socket): void {
    if (this.isCut) {
      client.destroy();
      for (const tell of this.onRefused.splice(0)) tell();
      return;
    }
    const upstream = connect(this.target);
    let isDeaf = false;
    client.on('data', (data) => {
      if (this.isSilent || this.withheld.some((text) => data.includes(text))) return;
      if (this.doomed !== undefined && data.includes(this.doomed)) {
        this.doomed = undefined;
        isDeaf = true;
      }
      upstream.write(data);
    });
    upstream.on('data', (data) => {
      if (isDeaf && this.isCutAfter) this.cut();
      else if (isDeaf) client.destroy();
      else if (!this.isSilent) client.write(data);
    });
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
    }
  }
}
