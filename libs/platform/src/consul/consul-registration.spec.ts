import { jest } from '@jest/globals';
import { createLogger } from '../logging/log.js';
import type { Registration } from './consul-client.js';
import { ConsulRegistration } from './consul-registration.js';

const me: Registration = { name: 'auth', id: 'auth-1', address: '10.0.0.9', port: 80, healthPath: '/health/ready' };
const LONGEST_WAIT_MS = 2_500;

/** Consul whose knowledge the test sets. */
class ScriptedConsul {
  isConfigured = true;
  /** Whether a server lacks the instance. */
  missing: boolean | Error = true;
  readonly calls: string[] = [];

  async register({ id }: Registration): Promise<boolean> {
    if (this.missing instanceof Error) throw this.missing;
    if (!this.missing) return false;
    this.calls.push(`register ${id}`);
    this.missing = false;
    return true;
  }
  async deregister(id: string): Promise<void> {
    this.calls.push(`deregister ${id}`);
  }
}

describe('ConsulRegistration', () => {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const log = createLogger({ service: 'auth', instance: '1', level: 'info', destination: { write } });
  let consul: ScriptedConsul;
  let registration: ConsulRegistration;
  const nextLook = () => jest.advanceTimersByTimeAsync(LONGEST_WAIT_MS);

  beforeEach(() => {
    jest.useFakeTimers();
    lines.length = 0;
    consul = new ScriptedConsul();
    registration = new ConsulRegistration(consul, me, log);
  });
  afterEach(async () => {
    await registration.stop();
    jest.useRealTimers();
  });

  it('registers once and deregisters at the end', async () => {
    registration.start();
    await nextLook();
    await nextLook();
    await registration.stop();
    expect(consul.calls).toEqual(['register auth-1', 'deregister auth-1']);
  });

  it('keeps trying while Consul is away and complains once', async () => {
    consul.missing = new Error('refused');
    registration.start();
    await nextLook();
    await nextLook();
    expect(lines).toHaveLength(1);
    consul.missing = true;
    await nextLook();
    expect(consul.calls).toEqual(['register auth-1']);
  });

  it('registers again where it has been forgotten', async () => {
    registration.start();
    await nextLook();
    consul.missing = true;
    await nextLook();
    expect(consul.calls).toEqual(['register auth-1', 'register auth-1']);
  });

  it('does nothing where no Consul is configured', async () => {
    consul.isConfigured = false;
    registration.start();
    await nextLook();
    await registration.stop();
    expect(consul.calls).toEqual([]);
  });
});
