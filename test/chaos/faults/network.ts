import { type Environment, createTopology, type Profile, type ServiceKind } from '@parley/deploy';
import { TcpRelay } from '@parley/testing';
import { fileURLToPath } from 'node:url';

const REDIRECT = fileURLToPath(new URL('./redirect.main.js', import.meta.url));

/** Which services reach which servers through a relay. */
const RELAYED: Readonly<Partial<Record<ServiceKind, RegExp>>> = {
  message: /^database-shard-\d+$/,
  connection: /^kafka-/,
};

/** The stretches of network between services and servers that a fault may interrupt. */
export class Network implements AsyncDisposable {
  private constructor(private readonly relays: ReadonlyMap<string, TcpRelay>) {}

  static async between(profile: Profile, portOffset: number): Promise<Network> {
    const { databases, kafka } = createTopology({ profile, portOffset });
    const servers: readonly { readonly name: string; readonly port: number }[] = [...databases, ...kafka.brokers];
    const relays = new Map<string, TcpRelay>();
    for (const [kind, pattern] of Object.entries(RELAYED)) {
      for (const { name, port } of servers.filter((server) => pattern.test(server.name))) {
        relays.set(`${kind} ${name} ${port}`, await TcpRelay.to(`http://127.0.0.1:${port}`));
      }
    }
    return new Network(relays);
  }

  /** What makes a service use the relays: it connects to them in place of the servers. */
  environment(kind: ServiceKind): Environment {
    const ports = this.of(kind).map(([key, relay]) => `${key.split(' ')[2]}=${relay.port}`);
    if (ports.length === 0) return {};
    return { NODE_OPTIONS: `--import=${REDIRECT}`, CHAOS_REDIRECT: ports.join(',') };
  }

  /** Nothing passes between a service and the servers whose names begin so. Returns what lets it pass again. */
  part(kind: ServiceKind, server: string): () => void {
    const between = this.of(kind).filter(([key]) => key.startsWith(`${kind} ${server}`));
    if (between.length === 0) throw new Error(`There is no relay between ${kind} and ${server}`);
    for (const [, relay] of between) relay.hold();
    return () => between.forEach(([, relay]) => relay.release());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.relays.values()].map((relay) => relay[Symbol.asyncDispose]()));
  }

  private of(kind: ServiceKind): [string, TcpRelay][] {
    return [...this.relays].filter(([key]) => key.startsWith(`${kind} `));
  }
}
