import type { z } from 'zod';
import { booleanVar, choiceVar, hostPortListVar, httpUrlListVar, integerVar, secretVar, textVar } from './variables.js';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** What every service needs to run, whatever it does. */
export const serviceEnv = {
  SERVICE_ID: textVar('1 to 32 characters a-z, 0-9 and -', /^[a-z0-9-]{1,32}$/)
    .default('1')
    .describe('Name of this instance, unique among the instances of its service.'),
  HTTP_HOST: textVar('a host name or address')
    .default('127.0.0.1')
    .describe('Address that the HTTP port is opened on.'),
  HTTP_PORT: integerVar({ min: 0, max: 65_535 }).describe('HTTP port of this instance; 0 picks a free one.'),
  ADVERTISE_HOST: textVar('a host name or address')
    .optional()
    .describe('Address under which other parts reach this instance; HTTP_HOST when absent.'),
  LOG_LEVEL: choiceVar(LOG_LEVELS).default('info').describe('Least severity that is logged.'),
  CONSUL_URLS: httpUrlListVar()
    .default([])
    .describe('Consul servers, tried in this order. With none the service runs unregistered.'),
  SHUTDOWN_SECONDS: integerVar({ min: 1, max: 600 })
    .default(10)
    .describe('Time for an orderly stop; what is not finished by then is cut off.'),
};

export const redisEnv = {
  REDIS_NODES: hostPortListVar().describe('The Redis server, or nodes of the cluster to begin with.'),
  REDIS_CLUSTER: booleanVar().default(false).describe('Whether REDIS_NODES are nodes of a cluster.'),
  REDIS_USERNAME: textVar().optional().describe('User at Redis.'),
  REDIS_PASSWORD: secretVar().describe('Password at Redis.'),
  REDIS_SSL: booleanVar().default(false).describe('Encrypts the connections to Redis and checks whom they lead to.'),
};

export type ServiceConfig = Readonly<z.output<z.ZodObject<typeof serviceEnv>>>;
export type RedisConfig = Readonly<z.output<z.ZodObject<typeof redisEnv>>>;

/** Address under which other parts reach this instance. */
export const advertisedHost = (config: Pick<ServiceConfig, 'ADVERTISE_HOST' | 'HTTP_HOST'>): string =>
  config.ADVERTISE_HOST ?? config.HTTP_HOST;
