import { FrameBudget, type Verdict } from './frame-budget.js';

const LIMITS = { framesPerSecond: 10, framesBurst: 5 };
const takes = (budget: FrameBudget, count: number, now: number): Verdict[] =>
  Array.from({ length: count }, () => budget.take(now));

describe('the frame budget of a socket', () => {
  it('lets a burst pass and refuses what goes beyond it', () => {
    expect(takes(new FrameBudget(LIMITS, 0), 7, 0)).toEqual([
      'pass',
      'pass',
      'pass',
      'pass',
      'pass',
      'refuse',
      'refuse',
    ]);
  });

  it('passes frames again when the sender has slowed down', () => {
    const budget = new FrameBudget(LIMITS, 0);
    takes(budget, 7, 0);
    expect(budget.take(500)).toBe('pass');
  });

  it('calls it a flood when the refused frames exceed another burst', () => {
    expect(takes(new FrameBudget(LIMITS, 0), 11, 0).slice(-2)).toEqual(['refuse', 'flood']);
  });

  it('never refuses a sender who keeps to the rate', () => {
    const budget = new FrameBudget(LIMITS, 0);
    const verdicts = Array.from({ length: 100 }, (_, i) => budget.take(i * 100));
    expect(new Set(verdicts)).toEqual(new Set(['pass']));
  });

  it('does not save up more than a burst while the socket is quiet', () => {
    const budget = new FrameBudget(LIMITS, 0);
    expect(takes(budget, 6, 3_600_000).at(-1)).toBe('refuse');
  });

  it('charges nothing for a frame that was given back', () => {
    const budget = new FrameBudget(LIMITS, 0);
    for (let i = 0; i < 50; i++) {
      expect(budget.take(0)).toBe('pass');
      budget.giveBack();
    }
  });
});
