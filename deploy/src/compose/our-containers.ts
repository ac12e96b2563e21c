import { balancerEnvironment, instanceEnvironment, sharedEnvironment, type Environment } from '../environment.js';
import { nodeOptions, QUIET } from '../node-options.js';
import type { Balancer, ServiceInstance } from '../topology.js';
import { healthcheck, whenDone, whenHealthy, type ComposeService, type ComposeServices } from './compose-types.js';
import { membership, published, SECRETS, type Scope } from './scope.js';

const BUILD = { context: '.', dockerfile: 'deploy/Dockerfile' };
/** One image for the four services and the one-off programs: they share almost all of it. */
const service = { image: 'parley/service', build: { ...BUILD, target: 'service' }, init: true } as const;
const loadBalancer = {
  image: 'parley/load-balancer',
  build: { ...BUILD, target: 'load-balancer' },
  init: true,
} as const;

export const composeEnvironment = (scope: Scope): Environment =>
  sharedEnvironment(scope.topology, scope.network, SECRETS);

const answers = (url: string) =>
  healthcheck('CMD', 'node', '-e', `fetch('${url}').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))`);

/** Services below are behind our load balancers, whose word on the client's address they may take. */
const settingsOf = (scope: Scope, instance: ServiceInstance): Environment =>
  instance.kind === 'auth' ? { TRUSTED_PROXIES: scope.addresses.subnet } : {};

function serviceContainer(scope: Scope, instance: ServiceInstance, shared: Environment): ComposeService {
  const { topology, nameOf } = scope;
  return {
    ...service,
    ...membership(scope),
    command: ['node', ...nodeOptions(instance.kind), `apps/${instance.kind}/dist/main.js`],
    environment: { '<<': shared, ...instanceEnvironment(instance, scope.network), ...settingsOf(scope, instance) },
    depends_on: {
      ...whenDone(programNames(scope)),
      ...whenHealthy([...topology.consul, ...topology.redis.nodes].map((server) => nameOf(server.name))),
    },
    healthcheck: answers(`http://127.0.0.1:${instance.port}/health/ready`),
    restart: 'unless-stopped',
    stop_grace_period: '15s',
  };
}

function balancerContainer(scope: Scope, balancer: Balancer): ComposeService {
  const paths = {
    template: 'nginx/nginx.conf.template',
    webRoot: '/parley/apps/web/dist',
    stateDir: '/var/run/parley',
  };
  // Clients outside use the published port; PARLEY_PUBLIC_HOST is this machine's name when they are on others.
  const publicHost = '${PARLEY_PUBLIC_HOST:-localhost}';
  return {
    ...loadBalancer,
    ...membership(scope),
    environment: balancerEnvironment(scope.topology, balancer, scope.network, publicHost, paths),
    ports: [published(balancer.port)],
    depends_on: whenHealthy(scope.topology.consul.map((server) => scope.nameOf(server.name))),
    healthcheck: answers(`http://127.0.0.1:${balancer.port}/health/live`),
    restart: 'unless-stopped',
  };
}

const programNames = (scope: Scope): string[] => [
  scope.nameOf('migrate'),
  scope.nameOf('create-topics'),
  ...(scope.topology.redis.cluster ? [scope.nameOf('setup-redis')] : []),
];

function programs(scope: Scope, shared: Environment): ComposeServices {
  const { topology, nameOf } = scope;
  const common = { ...service, ...membership(scope), environment: { '<<': shared }, restart: 'on-failure' };
  return {
    [nameOf('migrate')]: {
      ...common,
      command: ['node', QUIET, 'libs/persistence/dist/migrate.main.js'],
      depends_on: whenDone([nameOf('setup-databases')]),
    },
    [nameOf('create-topics')]: {
      ...common,
      command: ['node', QUIET, 'libs/kafka/dist/create-topics.main.js'],
      depends_on: whenHealthy(topology.kafka.brokers.map((broker) => nameOf(broker.name))),
    },
  };
}

/** `shared` is the environment of the profile, one object so that it is written once and referred to. */
export function ourContainers(scope: Scope, shared: Environment): ComposeServices {
  const { topology, nameOf } = scope;
  return {
    ...programs(scope, shared),
    ...Object.fromEntries(
      topology.services.map((instance) => [nameOf(instance.name), serviceContainer(scope, instance, shared)]),
    ),
    ...Object.fromEntries(
      topology.balancers.map((balancer) => [nameOf(balancer.name), balancerContainer(scope, balancer)]),
    ),
  };
}
