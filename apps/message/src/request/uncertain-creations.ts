import type { Origin, UserCommandFrame } from '@parley/contracts';
import { Clock } from '@parley/platform';
import { Injectable } from '@nestjs/common';

/** How long somebody may take to try again, in ms. */
const KEPT_MS = 5 * 60_000;
const MOST = 10_000;

/**
 * Creations that were answered with "failed" while nobody knows whether the database has committed them. Who asks for
 * the same again asks with the same request id, and so finds the channel if there is one. Every other command finds what
 * it has done by itself; only a creation can be done twice.
 */
@Injectable()
export class UncertainCreations {
  /** In the order in which they failed. */
  private readonly failed = new Map<string, { request: string; until: number }>();

  constructor(private readonly clock: Clock) {}

  /** The request id that the command is carried out under: its own, unless it repeats one of unknown outcome. */
  requestOf(origin: Origin, frame: UserCommandFrame): string {
    const known = this.failed.size > 0 ? this.failed.get(identity(origin, frame)) : undefined;
    return known !== undefined && known.until > this.clock.now() ? known.request : origin.request;
  }

  remember(origin: Origin, frame: UserCommandFrame): void {
    if (frame.type !== 'CREATE_REQUEST') return;
    const now = this.clock.now();
    const key = identity(origin, frame);
    this.failed.delete(key);
    for (const [old, { until }] of this.failed) {
      if (until > now && this.failed.size < MOST) break;
      this.failed.delete(old);
    }
    this.failed.set(key, { request: origin.request, until: now + KEPT_MS });
  }

  settle(origin: Origin, frame: UserCommandFrame): void {
    if (this.failed.size > 0) this.failed.delete(identity(origin, frame));
  }
}

const identity = ({ userId }: Origin, frame: UserCommandFrame): string => `${userId} ${JSON.stringify(frame)}`;
