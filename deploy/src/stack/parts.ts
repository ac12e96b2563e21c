import { sharedEnvironment, type Environment } from '../environment.js';
import { balancerParts } from '../native/balancers.js';
import { consulParts } from '../native/consul.js';
import { kafkaParts } from '../native/kafka.js';
import { databaseParts } from '../native/databases/databases.js';
import { engineNamed } from '../native/databases/engines.js';
import type { Part } from '../native/part.js';
import { redisParts } from '../native/redis.js';
import type { StackSecrets } from '../native/secrets.js';
import { nativeNetwork, servicePart } from '../native/services.js';
import type { ServiceInstance, Topology } from '../topology.js';
import type { StackDescription } from './description.js';

export interface StackParts {
  readonly servers: {
    readonly databases: Part[];
    readonly kafka: Part[];
    readonly consul: Part[];
    readonly redis: Part[];
  };
  readonly balancers: Part[];
  readonly services: Part[];
}

export const stackEnvironment = (topology: Topology, secrets: StackSecrets): Environment =>
  sharedEnvironment(topology, nativeNetwork, secrets);

/** An instance of a service with the settings its kind was given. */
export const describedService = (
  description: StackDescription,
  environment: Environment,
  service: ServiceInstance,
  extra: Environment = {},
): Part =>
  servicePart(service, {
    ...environment,
    // Where people come over HTTPS only, their cookies need not go any other way.
    ...(service.kind === 'auth' && description.tls !== undefined && { COOKIE_SECURE: 'true' }),
    ...description.env[service.kind],
    ...extra,
  });

export function stackParts(description: StackDescription, topology: Topology, secrets: StackSecrets): StackParts {
  const { stateDir } = description;
  const environment = stackEnvironment(topology, secrets);
  const services = topology.services.filter((service) => description.services.includes(service.kind));
  return {
    servers: {
      databases: databaseParts(engineNamed(description.engine), topology, stateDir, secrets, description.replication),
      kafka: kafkaParts(topology, stateDir),
      consul: consulParts(topology, stateDir),
      redis: redisParts(topology, stateDir, secrets),
    },
    balancers: description.balancers ? balancerParts(topology, stateDir, description.tls) : [],
    services: services.map((service) => describedService(description, environment, service)),
  };
}

export const allParts = ({ servers, balancers, services }: StackParts): Part[] => [
  ...servers.consul,
  ...servers.kafka,
  ...servers.redis,
  ...servers.databases,
  ...balancers,
  ...services,
];
