import { balancerEnvironment } from '../environment.js';
import type { Certificate } from './certificate.js';
import type { Topology } from '../topology.js';
import { inWorkspace } from '../workspace.js';
import type { Part } from './part.js';
import { nativeNetwork } from './services.js';
import { answersOk } from './waiting.js';

/** One agent per load balancer; the agent runs nginx itself. */
export const balancerParts = (topology: Topology, stateDir: string, tls?: Certificate): Part[] =>
  topology.balancers.map((balancer) => ({
    name: balancer.name,
    stage: 'balancer',
    ports: [balancer.port],
    startTimeoutMs: 20_000,
    prepare: async () => ({
      name: balancer.name,
      command: [process.execPath, inWorkspace('deploy', 'dist', 'nginx-agent', 'main.js')],
      env: balancerEnvironment(topology, balancer, nativeNetwork, '127.0.0.1', {
        template: inWorkspace('nginx', 'nginx.conf.template'),
        webRoot: inWorkspace('apps', 'web', 'dist'),
        stateDir,
        tls,
      }),
    }),
    // Asked, not only connected to: a master without workers takes connections.
    // Where only HTTPS is served, sending us there is an answer as well.
    ready: () => answersOk(`http://127.0.0.1:${balancer.port}/health/live`, tls ? [301] : undefined),
  }));
