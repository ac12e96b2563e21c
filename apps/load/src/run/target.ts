import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { consulDiscovery } from '@parley/client';
import { attachStack, PROFILES, type Stack } from '@parley/deploy';
import type { DataEnvironment } from '../data/test-data.js';
import type { LoadOptions } from '../options.js';
import type { Address } from '../wire/chat-socket.js';

/** What a run is aimed at. */
export interface Target {
  /** Absent when only addresses are known: then no process can be measured. */
  readonly stack: Stack | undefined;
  readonly env: DataEnvironment;
  readonly servers: readonly Address[];
}

/** Where `npm start` keeps the profile that is running. */
const STARTED = PROFILES.map((profile) => `.state/run/${profile}/stack.json`);

export async function findTarget(options: LoadOptions): Promise<Target> {
  const path = options.stack ?? STARTED.find((file) => existsSync(file));
  const stack = path === undefined ? undefined : await attachStack(resolve(path));
  const env = stack?.env ?? process.env;
  const urls = await serverUrls(options, stack);
  if (urls.length === 0) throw new Error('no server is known: start a stack, or name one with --server or --consul');
  return { stack, env, servers: urls.map(addressOf) };
}

async function serverUrls(options: LoadOptions, stack: Stack | undefined): Promise<readonly string[]> {
  if (options.servers.length > 0) return options.servers;
  if (options.consul.length > 0) return consulDiscovery({ urls: options.consul })();
  if (stack === undefined) return [];
  if (options.via === 'consul') return consulDiscovery({ urls: stack.urls.consul })();
  if (options.via === 'nginx') return stack.urls.balancers.slice(0, 1);
  return Object.entries(stack.urls.services).flatMap(([name, url]) => (name.startsWith('connection-') ? [url] : []));
}

function addressOf(url: string): Address {
  const { hostname, port } = new URL(url.includes('://') ? url : `http://${url}`);
  // The name resolves to two addresses; source addresses are of the first kind.
  return { host: hostname === 'localhost' ? '127.0.0.1' : hostname, port: Number(port || 80) };
}
