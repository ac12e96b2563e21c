import type { Random } from './clock.js';
import { Unreachable } from './errors.js';

/** Finds the base URLs (`http://host:port` or `https://…`) of the servers; throws Unreachable when it cannot. */
export type Discover = () => Promise<readonly string[]>;

/** What is used of the global fetch. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** What is tried because the one before could not be reached. */
export type Fallback = 'next-server' | 'next-discovery-node';
export type OnFallback = (fallback: Fallback) => void;

/** One known server: `--server`, or the page's own origin. */
export function fixedServer(url: string): Discover {
  const base = url.replace(/\/+$/, '');
  return () => Promise.resolve([base]);
}

export interface ConsulOptions {
  /** HTTP addresses of Consul servers, e.g. `http://localhost:18500`. */
  readonly urls: readonly string[];
  readonly random?: Random;
  readonly fetch?: Fetch;
  readonly onFallback?: OnFallback;
}

/** Asks Consul servers in random order for the registered load balancers, and returns those in random order. */
export function consulDiscovery({
  urls,
  random = Math.random,
  fetch = globalThis.fetch,
  onFallback,
}: ConsulOptions): Discover {
  return async () => {
    for (const [at, url] of shuffled(urls, random).entries()) {
      if (at > 0) onFallback?.('next-discovery-node');
      const found = await catalog(`${url.replace(/\/+$/, '')}/v1/catalog/service/nginx`, fetch);
      if (found.length > 0) return shuffled(found, random);
    }
    throw new Unreachable(`No server found through Consul at ${urls.join(', ')}.`);
  };
}

async function catalog(url: string, fetch: Fetch): Promise<string[]> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(3000) });
    const body: unknown = response.ok ? await response.json() : [];
    return Array.isArray(body) ? body.flatMap(endpointOf) : [];
  } catch {
    return [];
  }
}

function endpointOf(node: unknown): string[] {
  if (typeof node !== 'object' || node === null || !('ServiceAddress' in node) || !('ServicePort' in node)) return [];
  const { ServiceAddress: address, ServicePort: port } = node;
  if (typeof address !== 'string' || address === '' || !(Number(port) > 0)) return [];
  const scheme = isEncrypted(node) ? 'https' : 'http';
  return [`${scheme}://${address.includes(':') ? `[${address}]` : address}:${Number(port)}`];
}

/** A load balancer says in its registration how it is spoken to; one that says nothing speaks plainly. */
const isEncrypted = (node: object): boolean =>
  'ServiceMeta' in node &&
  typeof node.ServiceMeta === 'object' &&
  node.ServiceMeta !== null &&
  'scheme' in node.ServiceMeta &&
  node.ServiceMeta.scheme === 'https';

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/** The known servers in order of preference, shared by REST and WebSocket. */
export class Endpoints {
  #urls: readonly string[] = [];

  constructor(
    private readonly discover: Discover,
    private readonly onFallback?: OnFallback,
  ) {}

  /**
   * Runs `attempt` against one server after the other until one does not throw Unreachable. When none of the known
   * ones answers they are discovered anew. Throws Unreachable when nothing helps; other errors pass through.
   */
  async firstReachable<T>(attempt: (baseUrl: string) => Promise<T>): Promise<T> {
    const tried = this.#urls.length > 0;
    if (!tried) this.#urls = await this.discover();
    try {
      return await this.#inOrder(attempt);
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      this.#urls = [];
      if (!tried) throw error;
    }
    return this.firstReachable(attempt);
  }

  async #inOrder<T>(attempt: (baseUrl: string) => Promise<T>): Promise<T> {
    const urls = this.#urls;
    for (const [at, url] of urls.entries()) {
      try {
        const result = await attempt(url);
        // The one that works stays the first choice.
        this.#urls = [...urls.slice(at), ...urls.slice(0, at)];
        return result;
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error;
        if (at < urls.length - 1) this.onFallback?.('next-server');
      }
    }
    throw new Unreachable('No server could be reached.');
  }
}
