import { Module, type DynamicModule } from '@nestjs/common';
import { Clock, SystemClock } from '../clock.js';
import type { ServiceConfig } from '../config/base-env.js';
import { ConsulClient } from '../consul/consul-client.js';
import { HealthController } from '../health/health.controller.js';
import { HealthRegistry } from '../health/health-registry.js';
import { MetricsController } from '../health/metrics.controller.js';
import { Metrics } from '../health/metrics.js';
import { createLogger, Log } from '../logging/log.js';

export interface ServiceIdentity {
  /** Name of the service, under which Consul lists its instances. */
  readonly name: string;
  readonly config: ServiceConfig;
}

/** What every part of a service may inject without importing anything. */
@Module({ controllers: [HealthController, MetricsController] })
export class PlatformModule {
  static with({ name, config }: ServiceIdentity): DynamicModule {
    const clock = new SystemClock();
    const log = createLogger({ service: name, instance: config.SERVICE_ID, level: config.LOG_LEVEL });
    const shared = [
      { provide: Clock, useValue: clock },
      { provide: Log, useValue: log },
      { provide: HealthRegistry, useValue: new HealthRegistry(clock) },
      { provide: Metrics, useValue: new Metrics(name) },
      { provide: ConsulClient, useValue: new ConsulClient(config.CONSUL_URLS) },
    ];
    return { module: PlatformModule, global: true, providers: shared, exports: shared.map(({ provide }) => provide) };
  }
}
