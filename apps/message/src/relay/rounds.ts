import type { MessageRelay } from '@parley/contracts';

type Write = Extract<MessageRelay, { kind: 'WRITE' }>;

export interface Round {
  /** Writes of any number of channels, stored together. */
  readonly writes: Write[];
  /** At most one other record per channel, after that channel's writes of the round. */
  readonly others: Exclude<MessageRelay, Write>[];
}

/**
 * Splits a batch so that each channel's records run in their order while the writes of all channels share an insert:
 * a round takes from every channel its writes up to and including the next record of another kind.
 */
export function rounds(records: readonly MessageRelay[]): Round[] {
  const all: Round[] = [];
  const current = new Map<number, number>();
  for (const record of records) {
    const index = current.get(record.channelId) ?? 0;
    const round = (all[index] ??= { writes: [], others: [] });
    if (record.kind === 'WRITE') {
      round.writes.push(record);
    } else {
      round.others.push(record);
      current.set(record.channelId, index + 1);
    }
  }
  return all;
}
