import type { ProcessSpec } from './process-table.js';

export type Stage = 'server' | 'balancer' | 'service';

/** One process of the system as the native runner sees it. */
export interface Part {
  readonly name: string;
  readonly stage: Stage;
  /** Every port the process listens on; the first is the one to show. */
  readonly ports: readonly number[];
  /** Writes configuration and data folders. Runs before each start, so it must be repeatable. */
  prepare(): Promise<ProcessSpec>;
  /** Does it do its work? May throw for "no". */
  ready(): Promise<boolean>;
  /** Longest time from start to ready, in milliseconds. */
  readonly startTimeoutMs: number;
}
