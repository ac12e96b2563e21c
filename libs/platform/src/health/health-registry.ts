import type { Clock } from '../clock.js';
import { inTime } from '../in-time.js';
import { whyRefused } from './why-refused.js';

/** Resolves when the dependency works, rejects with the reason when it does not. */
export type HealthCheck = () => Promise<void>;

export type CheckState = { readonly state: 'up' } | { readonly state: 'down'; readonly reason: string };

export interface Readiness {
  /** Ready: started, not stopping, and every check is up. */
  readonly status: 'ready' | 'not ready' | 'starting' | 'stopping';
  readonly checks: Readonly<Record<string, CheckState>>;
}

const CHECK_TIMEOUT_MS = 2_000;
/** Askers within this time share one answer, so that asking often puts no load on the dependencies. */
const FRESH_MS = 500;

/** Whether this instance should be given work; every part that can fail adds its check. */
export class HealthRegistry {
  private readonly checks = new Map<string, HealthCheck>();
  private phase: 'starting' | 'running' | 'stopping' = 'starting';
  private latest: { at: number; answer: Promise<Readiness> } | undefined;

  constructor(private readonly clock: Clock) {}

  /** @throws Error when the name is taken */
  add(name: string, check: HealthCheck): void {
    if (this.checks.has(name)) throw new Error(`there is a health check "${name}" already`);
    this.checks.set(name, check);
  }

  markRunning(): void {
    if (this.phase === 'starting') this.phase = 'running';
  }

  /** From here on the instance is not ready, whatever its checks say. */
  markStopping(): void {
    this.phase = 'stopping';
  }

  async readiness(): Promise<Readiness> {
    if (this.phase !== 'running') return { status: this.phase, checks: {} };
    const now = this.clock.now();
    if (this.latest === undefined || now - this.latest.at >= FRESH_MS) {
      this.latest = { at: now, answer: this.runChecks() };
    }
    const answer = await this.latest.answer;
    // The phase may have changed while the checks ran.
    return this.isStopping() ? { status: 'stopping', checks: {} } : answer;
  }

  private isStopping(): boolean {
    return this.phase === 'stopping';
  }

  private async runChecks(): Promise<Readiness> {
    const states = await Promise.all([...this.checks].map(async ([name, check]) => [name, await run(check)] as const));
    const isReady = states.every(([, { state }]) => state === 'up');
    return { status: isReady ? 'ready' : 'not ready', checks: Object.fromEntries(states) };
  }
}

async function run(check: HealthCheck): Promise<CheckState> {
  try {
    await inTime(Promise.resolve().then(check), CHECK_TIMEOUT_MS, `no answer within ${CHECK_TIMEOUT_MS} ms`);
    return { state: 'up' };
  } catch (error) {
    return { state: 'down', reason: whyRefused(error) ?? (error instanceof Error ? error.message : String(error)) };
  }
}
