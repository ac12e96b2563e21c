import { type Entry, ofKind } from './entries.js';

/** From `t` on; `unsure` while an answer is awaited or after one that did not come. */
interface Change {
  readonly t: number;
  readonly state: 'in' | 'out' | 'unsure';
}

const keyOf = (user: string, channel: number): string => `${channel} ${user}`;

/** Who was a member of what and when, as far as the members themselves can know. */
export class Memberships {
  private readonly changes = new Map<string, Change[]>();

  constructor(log: readonly Entry[]) {
    const asked = new Map(ofKind(log, 'asks').map((entry) => [entry.op, entry]));
    for (const entry of log) {
      if (entry.kind === 'channel') {
        for (const user of entry.members) this.add(user, entry.channel, { t: -Infinity, state: 'in' });
      } else if (entry.kind === 'asks') {
        this.add(entry.user, entry.channel, { t: entry.t, state: 'unsure' });
      } else if (entry.kind === 'told' && entry.member !== 'unknown') {
        const channel = asked.get(entry.op)?.channel;
        if (channel !== undefined) this.add(entry.user, channel, { t: entry.t, state: entry.member });
      }
    }
  }

  /** Could the user have been a member at any moment from `from` to `to`, both included? */
  mayHaveBeen(user: string, channel: number, from: number, to: number): boolean {
    const changes = this.of(user, channel);
    const before = changes.findLast((change) => change.t <= from)?.state ?? 'out';
    return before !== 'out' || changes.some(({ t, state }) => t > from && t <= to && state !== 'out');
  }

  /** Was the user surely a member at every moment from `from` to `to`? */
  wasThroughout(user: string, channel: number, from: number, to: number): boolean {
    const changes = this.of(user, channel);
    const before = changes.findLast((change) => change.t <= from)?.state;
    return before === 'in' && changes.every(({ t, state }) => t <= from || t > to || state === 'in');
  }

  /** What is known at the end. */
  final(user: string, channel: number): 'in' | 'out' | 'unsure' {
    return this.of(user, channel).at(-1)?.state ?? 'out';
  }

  /** Has the user asked to join or quit in between? */
  changedBetween(user: string, channel: number, from: number, to: number): boolean {
    return this.of(user, channel).some(({ t }) => t > from && t < to);
  }

  /** Those who are members from the channel's beginning and have never asked for anything else. */
  alwaysIn(channel: number): string[] {
    return [...this.pairs()]
      .filter((pair) => pair.channel === channel)
      .map(({ user }) => user)
      .filter((user) => this.of(user, channel).length === 1 && this.final(user, channel) === 'in');
  }

  /** Every pair that is known to the log. */
  *pairs(): Iterable<{ readonly user: string; readonly channel: number }> {
    for (const key of this.changes.keys()) {
      const space = key.indexOf(' ');
      yield { channel: Number(key.slice(0, space)), user: key.slice(space + 1) };
    }
  }

  private of(user: string, channel: number): readonly Change[] {
    return this.changes.get(keyOf(user, channel)) ?? [];
  }

  private add(user: string, channel: number, change: Change): void {
    const key = keyOf(user, channel);
    this.changes.set(key, [...(this.changes.get(key) ?? []), change]);
  }
}
