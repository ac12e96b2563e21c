import type { Push } from '../inbox/inbox.rules.js';

/** The way to people's devices. */
export abstract class PushProvider {
  /**
   * Gets pushes that were not delivered before, at most once each. Deals with its own failures: a device that cannot
   * be reached must not hold up the others, and the inbox keeps the entry.
   */
  abstract deliver(pushes: readonly Push[]): Promise<void>;
}
