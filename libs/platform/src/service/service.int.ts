import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Injectable, Module, type BeforeApplicationShutdown, type OnApplicationShutdown } from '@nestjs/common';
import { z } from 'zod';
import { serviceEnv } from '../config/base-env.js';
import { loadConfig } from '../config/load-config.js';
import { HealthRegistry } from '../health/health-registry.js';
import { startService, type RunningService } from './service.js';

const configFor = (env: Record<string, string> = {}) =>
  loadConfig(z.object(serviceEnv), { HTTP_PORT: '0', LOG_LEVEL: 'silent', ...env });

/** What happened, in order. */
const events: string[] = [];

@Injectable()
class Part implements BeforeApplicationShutdown, OnApplicationShutdown {
  constructor(private readonly health: HealthRegistry) {
    health.add('part', async () => undefined);
  }
  async beforeApplicationShutdown(): Promise<void> {
    events.push(`finishing while ${(await this.health.readiness()).status}`);
  }
  onApplicationShutdown(): void {
    events.push('closing connections');
  }
}

@Module({ providers: [Part] })
class ServiceModule {}

const strategy = {
  listen: (callback: () => void) => {
    events.push('taking records');
    callback();
  },
  close: () => void events.push('no more records'),
};

describe('a service', () => {
  let service: RunningService;
  const get = (path: string) => fetch(`http://127.0.0.1:${service.port}${path}`);

  beforeEach(async () => {
    events.length = 0;
    service = await startService(
      {
        name: 'sample',
        module: () => ServiceModule,
        prepare: () => void events.push('preparing'),
        microservices: () => [strategy],
        onListening: () => void events.push('listening'),
      },
      configFor(),
    );
  });
  afterEach(() => service.stop());

  it('tells that it lives, that it is ready, and what it measures', async () => {
    expect(await (await get('/health/live')).json()).toEqual({ status: 'live' });
    const ready = await get('/health/ready');
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready', checks: { part: { state: 'up' } } }]);
    const metrics = await get('/metrics');
    expect(metrics.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(await metrics.text()).toMatch(/process_cpu_seconds_total\{service="sample"\}/);
  });

  it('answers 503 with the reason when a dependency is down', async () => {
    service.app.get(HealthRegistry).add('database', () => Promise.reject(new Error('refused')));
    const ready = await get('/health/ready');
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({
      status: 'not ready',
      checks: { part: { state: 'up' }, database: { state: 'down', reason: 'refused' } },
    });
  });

  it('takes records when it has started, and stops finishing work before it closes connections', async () => {
    await service.stop();
    expect(events).toEqual([
      'preparing',
      'taking records',
      'listening',
      'finishing while stopping',
      'no more records',
      'closing connections',
    ]);
  });
});

it('a service does not start on a port that is taken', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  try {
    const start = startService({ name: 'sample', module: () => ServiceModule }, configFor({ HTTP_PORT: String(port) }));
    await expect(start).rejects.toMatchObject({ code: 'EADDRINUSE' });
  } finally {
    other.close();
  }
});
