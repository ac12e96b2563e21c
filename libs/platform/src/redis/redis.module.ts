import { Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import type { RedisConfig } from '../config/base-env.js';
import { HealthRegistry } from '../health/health-registry.js';
import { Log } from '../logging/log.js';
import { checkRedis, createRedis, RedisClient } from './redis-client.js';

/** One Redis client for the whole service, closed after everything that uses it. */
@Module({})
export class RedisModule implements OnApplicationShutdown {
  constructor(
    private readonly redis: RedisClient,
    health: HealthRegistry,
  ) {
    health.add('redis', () => checkRedis(redis));
  }

  static with(config: RedisConfig): DynamicModule {
    return {
      module: RedisModule,
      global: true,
      providers: [{ provide: RedisClient, inject: [Log], useFactory: (log: Log) => createRedis(config, log) }],
      exports: [RedisClient],
    };
  }

  onApplicationShutdown(): void {
    this.redis.disconnect();
  }
}
