import { join } from 'node:path';
import { z } from 'zod';
import type { ConsulServer, Topology } from '../topology.js';
import { consulProgram } from './consul-program.js';
import type { Part } from './part.js';

async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url, { signal: AbortSignal.timeout(1000) });
  return response.json();
}

/** The networks that loopback addresses are of. */
export const LOOPBACK = ['127.0.0.0/8'];

/**
 * Anybody who reaches Consul may read, but who registers an `auth` gets passwords to see. Consul refuses with 403 what would
 * change anything, unless it comes from here.
 */
export const writableFrom = (networks: readonly string[]): string =>
  `-hcl=http_config { allow_write_http_from = ${JSON.stringify(networks)} }`;

function consulCommand(program: string, server: ConsulServer, all: readonly ConsulServer[], dataDir: string): string[] {
  return [
    program,
    'agent',
    '-server',
    '-ui',
    `-bootstrap-expect=${all.length}`,
    `-node=${server.name}`,
    '-bind=127.0.0.1',
    '-client=127.0.0.1',
    `-http-port=${server.httpPort}`,
    `-serf-lan-port=${server.serfPort}`,
    `-server-port=${server.rpcPort}`,
    '-dns-port=-1',
    '-grpc-port=-1',
    '-serf-wan-port=-1',
    `-data-dir=${dataDir}`,
    ...all.filter((other) => other !== server).map((other) => `-retry-join=127.0.0.1:${other.serfPort}`),
    '-retry-interval=200ms',
    '-log-level=warn',
    writableFrom(LOOPBACK),
    // One machine, so elections need not allow for a slow network. A node leaves only by an operator's hand.
    '-hcl=performance { raft_multiplier = 1 } leave_on_terminate = false skip_leave_on_interrupt = true disable_update_check = true',
  ];
}

export const consulParts = (topology: Topology, stateDir: string): Part[] =>
  topology.consul.map((server) => ({
    name: server.name,
    stage: 'server',
    ports: [server.httpPort, server.serfPort, server.rpcPort],
    startTimeoutMs: 40_000,
    prepare: async () => ({
      name: server.name,
      command: consulCommand(await consulProgram(), server, topology.consul, join(stateDir, 'consul', server.name)),
    }),
    ready: async () => {
      const url = `http://127.0.0.1:${server.httpPort}`;
      const leader = await getJson(`${url}/v1/status/leader`);
      const peers = z.array(z.unknown()).parse(await getJson(`${url}/v1/catalog/service/consul`));
      return leader !== '' && peers.length > 0;
    },
  }));
