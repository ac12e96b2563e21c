import type { Recorder } from '../measure/recorder.js';
import type { Member } from './member.js';

/** What a run has to say about promises. Everything but `refused` and `retries` must be 0. */
export interface Findings {
  /** Messages that a receiver who was entered never got. */
  readonly lost: number;
  readonly doubled: number;
  readonly outOfOrder: number;
  /** Messages with neither an acknowledgement nor an ERROR. */
  readonly unanswered: number;
  /** Acknowledgements of nothing that was sent, or a second one. */
  readonly unexpectedAcks: number;
  /** Sockets that were closed by the other side. */
  readonly lostSockets: number;
  /** Messages that were answered with ERROR. */
  readonly refused: number;
  readonly retries: number;
  /** The first receivers with something to report. */
  readonly details: readonly string[];
}

const DETAILS = 10;

export function judge(members: readonly Member[], recorder: Recorder): Findings {
  const stored = lastOfChannels(members);
  const total = { lost: 0, doubled: 0, outOfOrder: 0 };
  const details: string[] = [];
  let unanswered = 0;
  for (const [index, member] of members.entries()) {
    unanswered += Math.max(0, member.outstanding.size - member.refused);
    const { check, channel } = member;
    if (check === undefined || channel === undefined) continue;
    // What was neither acknowledged nor seen may be stored all the same: its own sender is not told of it again.
    const verdict = check.verdict(stored.get(channel.id) ?? 0, member.outstanding.size);
    total.lost += verdict.lost;
    total.doubled += verdict.doubled;
    total.outOfOrder += verdict.outOfOrder;
    const { lost, doubled, outOfOrder } = verdict;
    if (lost + doubled + outOfOrder > 0 && details.length < DETAILS) {
      details.push(`member ${index}, channel ${channel.id}: ${JSON.stringify(verdict)}, seen up to ${check.seenUpTo}`);
    }
  }
  const lostSockets = [...recorder.closeCodes.values()].reduce((sum, count) => sum + count, 0);
  const { unexpectedAcks, refused, retries } = recorder;
  return { ...total, unanswered, unexpectedAcks, lostSockets, refused, retries, details };
}

/** The highest sequence of each channel that anybody has seen. */
function lastOfChannels(members: readonly Member[]): Map<number, number> {
  const last = new Map<number, number>();
  for (const { channel, check } of members) {
    if (channel && check) last.set(channel.id, Math.max(last.get(channel.id) ?? 0, check.seenUpTo));
  }
  return last;
}
