import type { Recorder } from '../measure/recorder.js';
import type { Member } from './member.js';
import type { Findings } from './run-report.js';

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

/** The findings of several processes as one. */
export function mergedFindings(all: readonly Findings[]): Findings {
  const total = (what: (findings: Findings) => number): number => all.reduce((sum, each) => sum + what(each), 0);
  return {
    lost: total((each) => each.lost),
    doubled: total((each) => each.doubled),
    outOfOrder: total((each) => each.outOfOrder),
    unanswered: total((each) => each.unanswered),
    unexpectedAcks: total((each) => each.unexpectedAcks),
    lostSockets: total((each) => each.lostSockets),
    refused: total((each) => each.refused),
    retries: total((each) => each.retries),
    details: all.flatMap((each) => each.details).slice(0, DETAILS),
  };
}
