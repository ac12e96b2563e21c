import { Serial } from '@parley/protocol';
import type { Clock, Random } from './clock.js';

/**
 * Numbers for sends: microseconds since the epoch, always rising, far below 2^53. The part below a millisecond is
 * random, so that two devices of one user do not meet.
 */
export class Serials {
  #last = 0;

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  next(): Serial {
    const now = this.clock.now() * 1000 + Math.floor(this.random() * 1000);
    this.#last = Math.max(now, this.#last + 1);
    return Serial.parse(this.#last);
  }
}
