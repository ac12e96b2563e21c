import { once } from 'node:events';
import type { Server } from 'node:http';
import { Module, type DynamicModule, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { z } from 'zod';
import { advertisedHost, type ServiceConfig } from '../config/base-env.js';
import { ConsulClient } from '../consul/consul-client.js';
import { ConsulRegistration } from '../consul/consul-registration.js';
import { HealthRegistry } from '../health/health-registry.js';
import { Metrics } from '../health/metrics.js';
import { Log } from '../logging/log.js';
import { NestLog } from '../logging/nest-log.js';
import { ServiceHttpAdapter } from './http-adapter.js';
import { PlatformModule } from './platform.module.js';
import { stopInOrder } from './stop-in-order.js';

/** What Nest accepts as the `strategy` of a microservice. */
export interface TransportStrategy {
  listen(callback: (...results: unknown[]) => unknown): unknown;
  close(): unknown;
}

export interface ServiceDefinition<S extends z.ZodObject & z.ZodType<ServiceConfig>> {
  /** Name of the service in Consul, logs and metrics. */
  readonly name: string;
  /** Its environment variables: `z.object({ ...serviceEnv, … })`. */
  readonly schema: S;
  readonly module: (config: Readonly<z.output<S>>) => DynamicModule | Type | Promise<DynamicModule>;
  /** Called before anything of the module starts, e.g. to give the application a WebSocket adapter. */
  readonly prepare?: (app: INestApplication, config: Readonly<z.output<S>>) => void;
  /** Transports whose handlers live in the module; they begin when everything else has started. */
  readonly microservices?: (app: INestApplication, config: Readonly<z.output<S>>) => readonly TransportStrategy[];
  /** Called when the HTTP port is open and the transports run, before the instance counts as ready. */
  readonly onListening?: (app: INestApplication, config: Readonly<z.output<S>>) => void | Promise<void>;
}

export interface RunningService {
  readonly app: INestApplication;
  /** The HTTP port, also when it was left to the system. */
  readonly port: number;
  /** Orderly stop; how long it may take is for the caller to limit. */
  stop(): Promise<void>;
}

@Module({})
class ServiceRoot {}

/**
 * Starts a service in this process and leaves signals and exit codes to the caller. A failed start leaves what it has
 * opened to the end of the process.
 */
export async function startService<S extends z.ZodObject & z.ZodType<ServiceConfig>>(
  definition: Omit<ServiceDefinition<S>, 'schema'>,
  config: Readonly<z.output<S>>,
): Promise<RunningService> {
  const { name, module, prepare, microservices, onListening } = definition;
  const platform = PlatformModule.with({ name, config });
  const app = await NestFactory.create<NestExpressApplication>(
    { module: ServiceRoot, imports: [platform, await module(config)] },
    new ServiceHttpAdapter(),
    { abortOnError: false, bufferLogs: true },
  );
  const log = app.get(Log);
  app.useLogger(new NestLog(log));
  prepare?.(app, config);
  for (const strategy of microservices?.(app, config) ?? []) app.connectMicroservice({ strategy });
  await app.init();
  // Opening the port comes before the transports: a taken one must not cost other instances a rebalance.
  const port = await openPort(app.getHttpServer(), config);
  await app.startAllMicroservices();
  await onListening?.(app, config);
  const health = app.get(HealthRegistry);
  const registration = new ConsulRegistration(
    app.get(ConsulClient),
    {
      name,
      id: `${name}-${config.SERVICE_ID}`,
      address: advertisedHost(config),
      port,
      healthPath: '/health/ready',
    },
    log,
  );
  app.get(Metrics).collectProcess();
  health.markRunning();
  registration.start();
  log.info({ host: config.HTTP_HOST, port }, 'running');
  return { app, port, stop: () => stopInOrder({ health, registration, app }) };
}

/** Not Nest's own `listen`, which logs a stack for a taken port before it throws. */
async function openPort(server: Server, { HTTP_PORT, HTTP_HOST }: ServiceConfig): Promise<number> {
  server.listen(HTTP_PORT, HTTP_HOST);
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : HTTP_PORT;
}
