import type { Assignment } from './assignment.js';
import type { InboundRecord } from './records.js';

export interface BatchConsumerHooks {
  /** These partitions are ours from now on; awaited before their first record is handed out. */
  onAssigned?(assignment: Assignment): void | Promise<void>;
  /** All partitions may be someone else's from now on. */
  onRevoked?(): void | Promise<void>;
  /** Awaited before offsets are committed: the last chance to write what handlers have only gathered. */
  beforeCommit?(): Promise<void>;
  /** The record is in the dead-letter topic. Awaited before its partition moves on; what it throws is only logged. */
  onDeadLetter?(record: InboundRecord, reason: string): Promise<void>;
}
