import { jest } from '@jest/globals';
import { Clock } from '../clock.js';
import { HealthRegistry } from './health-registry.js';

class SetClock extends Clock {
  time = 0;
  override now(): number {
    return this.time;
  }
}

const running = () => {
  const clock = new SetClock();
  const health = new HealthRegistry(clock);
  health.markRunning();
  return { clock, health };
};

describe('HealthRegistry', () => {
  it('is not ready before the service runs and when it stops, whatever the checks say', async () => {
    const health = new HealthRegistry(new SetClock());
    health.add('database', async () => undefined);
    expect(await health.readiness()).toEqual({ status: 'starting', checks: {} });
    health.markRunning();
    expect(await health.readiness()).toEqual({ status: 'ready', checks: { database: { state: 'up' } } });
    health.markStopping();
    expect(await health.readiness()).toEqual({ status: 'stopping', checks: {} });
    health.markRunning();
    expect((await health.readiness()).status).toBe('stopping');
  });

  it('says which check fails and why', async () => {
    const { health } = running();
    health.add('database', async () => undefined);
    health.add('cache', () => Promise.reject(new Error('connection refused')));
    expect(await health.readiness()).toEqual({
      status: 'not ready',
      checks: { database: { state: 'up' }, cache: { state: 'down', reason: 'connection refused' } },
    });
  });

  it('counts a check that throws at once as down', async () => {
    const { health } = running();
    health.add('cache', () => {
      throw new Error('not connected');
    });
    expect((await health.readiness()).checks).toEqual({ cache: { state: 'down', reason: 'not connected' } });
  });

  it('gives up on a check after 2 seconds without waiting for the others in turn', async () => {
    jest.useFakeTimers();
    try {
      const { health } = running();
      health.add('first', () => new Promise(() => undefined));
      health.add('second', () => new Promise(() => undefined));
      const readiness = health.readiness();
      await jest.advanceTimersByTimeAsync(2_000);
      const down = { state: 'down', reason: 'no answer within 2000 ms' };
      expect(await readiness).toEqual({ status: 'not ready', checks: { first: down, second: down } });
    } finally {
      jest.useRealTimers();
    }
  });

  it('asks the dependencies at most every 500 ms', async () => {
    const { clock, health } = running();
    let asked = 0;
    health.add('database', async () => void asked++);
    await Promise.all([health.readiness(), health.readiness()]);
    clock.time = 499;
    await health.readiness();
    expect(asked).toBe(1);
    clock.time = 500;
    await health.readiness();
    expect(asked).toBe(2);
  });

  it('is stopping even for those who asked before', async () => {
    const { health } = running();
    const { promise, resolve } = Promise.withResolvers<void>();
    health.add('database', () => promise);
    const readiness = health.readiness();
    health.markStopping();
    resolve();
    expect((await readiness).status).toBe('stopping');
  });

  it('refuses two checks of one name', () => {
    const { health } = running();
    health.add('database', async () => undefined);
    expect(() => health.add('database', async () => undefined)).toThrow('there is a health check "database" already');
  });
});
