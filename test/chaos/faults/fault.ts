import type { Random } from '@parley/client';
import type { System } from '@parley/testing';
import type { Workload } from '../workload/workload.js';
import type { Network } from './network.js';

/** What a fault may lay its hands on. */
export interface Stage {
  readonly system: System;
  readonly network: Network;
  readonly workload: Workload;
  /** Which of several, and when: the same for the same seed. */
  readonly random: Random;
  /** How often this fault has struck before in this run. */
  readonly round: number;
  /** Says for the record what has been hit. */
  readonly hits: (what: string) => void;
}

/** Ends a fault; resolves when the machine is whole again. */
export type Heal = () => Promise<void>;

export interface Fault {
  /** As on the command line, such as `message-killed`. */
  readonly name: string;
  /** As in the table: what goes wrong. */
  readonly title: string;
  /** From the fault to its end, in milliseconds. */
  readonly lastsMs: number;
  /** After its end writes flow again within this time, in milliseconds; default RESUME_WITHIN_MS. */
  readonly resumeWithinMs?: number;
  /** Writes never pause for longer, in milliseconds; for faults that leave a second one of what they hit. */
  readonly pauseWithinMs?: number;
  /** So often it has to strike, at least, to have hit each of those that it hits by turns. */
  readonly turns?: number;
  /** Takes minutes: not for a quick run. */
  readonly slow?: boolean;
  /** Only systems with a second one of everything can be hurt like this. */
  readonly full?: boolean;
  /** Why it cannot be tried on this machine; undefined when it can. */
  impossible?(): Promise<string | undefined>;
  /** Before the load begins: what has to be in place for the fault. Returns what puts it back. */
  prepare?(system: System): Promise<() => Promise<void>>;
  inject(stage: Stage): Promise<Heal>;
}

/** What the services themselves need at most. */
export const RESUME_WITHIN_MS = 10_000;

/** So soon after writes flow again, messages reach everybody online at once. */
export const REACH_WITHIN_MS = 5000;

/** What others do at once, or what no message needs on its way. */
export const SHORT_PAUSE_MS = 5000;

/** Others have to notice first that something is gone, and take its place. */
export const TAKEOVER_MS = 15_000;
