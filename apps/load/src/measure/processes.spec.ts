import { parseStat, usedBetween } from './processes.js';

describe('what a process has used', () => {
  it('is read behind a name with spaces and parentheses', () => {
    const numbers = Array.from({ length: 50 }, (_, i) => String(i + 4));
    // Fields 14 and 15 are ticks, 6 is the session, 24 are pages; the list begins with field 4.
    numbers[2] = '777';
    numbers[10] = '150';
    numbers[11] = '50';
    numbers[20] = '512';
    expect(parseStat(`12 (a (b) c) S ${numbers.join(' ')}`)).toEqual({ session: 777, cpuSeconds: 2, rssMiB: 2 });
  });

  it('is the difference of two looks, and all of it for a process that came in between', () => {
    const before = [{ name: 'a', cpuSeconds: 1, rssMiB: 10 }];
    const after = [
      { name: 'a', cpuSeconds: 1.5, rssMiB: 12 },
      { name: 'b', cpuSeconds: 0.25, rssMiB: 5 },
    ];
    expect(usedBetween(before, after)).toEqual([
      { name: 'a', cpuSeconds: 0.5, rssMiB: 12 },
      { name: 'b', cpuSeconds: 0.25, rssMiB: 5 },
    ]);
  });
});
