import type { UserId } from '@parley/protocol';

/**
 * When each user's entry is written again: once in a round of beats, and at every beat about as many of them. A user has
 * the beat that the id asks for, so coming and going moves nobody else.
 */
export class RefreshRound {
  private readonly beats: readonly Set<UserId>[];
  private last = -1;

  constructor(beats: number) {
    this.beats = Array.from({ length: beats }, () => new Set());
  }

  add(userId: UserId): void {
    this.beatOf(userId).add(userId);
  }

  delete(userId: UserId): void {
    this.beatOf(userId).delete(userId);
  }

  /** The users of the next beat. */
  next(): ReadonlySet<UserId> {
    this.last = (this.last + 1) % this.beats.length;
    return this.at(this.last);
  }

  private beatOf(userId: UserId): Set<UserId> {
    return this.at(userId % this.beats.length);
  }

  private at(beat: number): Set<UserId> {
    const users = this.beats[beat];
    if (users === undefined) throw new Error(`a round of ${this.beats.length} beats has no beat ${beat}`);
    return users;
  }
}
