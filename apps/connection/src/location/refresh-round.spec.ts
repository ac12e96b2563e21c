import { userId, type UserId } from '@parley/protocol';
import { RefreshRound } from './refresh-round.js';

const users = (count: number): UserId[] => Array.from({ length: count }, (_, i) => userId(i + 1));

function roundWith(beats: number, present: readonly UserId[]): RefreshRound {
  const round = new RefreshRound(beats);
  for (const user of present) round.add(user);
  return round;
}

/** Who comes at each of the next beats. */
const next = (round: RefreshRound, beats: number): UserId[][] => Array.from({ length: beats }, () => [...round.next()]);

describe('a round of refreshes', () => {
  it('has everybody once, about as many at each beat', () => {
    const present = users(10_000);
    const beats = next(roundWith(60, present), 60);
    expect(beats.flat().toSorted((a, b) => a - b)).toEqual(present);
    expect(Math.max(...beats.map(({ length }) => length))).toBe(Math.ceil(10_000 / 60));
  });

  it('comes again and again', () => {
    const round = roundWith(7, users(20));
    expect(next(round, 7)).toEqual(next(round, 7));
  });

  it('leaves nobody waiting longer than its beats, whoever comes and goes meanwhile', () => {
    const ann = userId(3);
    const round = roundWith(5, [ann]);
    const seen: number[] = [];
    for (let beat = 0; beat < 50; beat++) {
      round.add(userId(1_000 + beat));
      round.delete(userId(990 + beat));
      if (round.next().has(ann)) seen.push(beat);
    }
    expect(seen).toEqual([3, 8, 13, 18, 23, 28, 33, 38, 43, 48]);
  });

  it('forgets who is taken out', () => {
    const round = roundWith(1, users(3));
    round.delete(userId(2));
    expect([...round.next()]).toEqual([1, 3]);
  });
});
