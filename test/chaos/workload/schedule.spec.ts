import { castOf, type Step, scheduleOf, USUAL_LOAD } from './schedule.js';

function first(seed: number, count: number): Step[] {
  const steps: Step[] = [];
  for (const step of scheduleOf(seed, USUAL_LOAD)) if (steps.push(step) === count) break;
  return steps;
}

describe('the schedule of a seed', () => {
  it('is the same every time, and another one for another seed', () => {
    expect(first(5, 500)).toEqual(first(5, 500));
    expect(castOf(5, USUAL_LOAD)).toEqual(castOf(5, USUAL_LOAD));
    expect(first(6, 500)).not.toEqual(first(5, 500));
  });

  it('has every kind of step, in the order of time, at about the rate asked for', () => {
    const steps = first(7, 3000);
    expect(new Set(steps.map(({ kind }) => kind))).toEqual(
      new Set(['write', 'again', 'fetch', 'enter', 'join', 'quit', 'cut', 'mingle', 'visit']),
    );
    expect(steps.map(({ at }) => at)).toEqual(steps.map(({ at }) => at).toSorted((a, b) => a - b));
  });

  it('lets people write only where they are members, each text once, and repeat only their own', () => {
    const cast = castOf(8, USUAL_LOAD);
    const written = new Map<number, string>();
    for (const step of first(8, 3000)) {
      const user = cast.devices[step.device];
      if (step.kind !== 'write' && step.kind !== 'again') continue;
      expect(cast.channels[step.channel]).toContain(user);
      if (step.kind === 'again') expect(written.get(step.serial)).toBe(`${user} ${step.content}`);
      else written.set(step.serial, `${user} ${step.content}`);
    }
    expect(new Set(written.values()).size).toBe(written.size);
  });

  it.each([704_907, 1, 2, 3])('has somebody write in every channel (seed %i)', (seed) => {
    const written = first(seed, 1_000).flatMap((step) => (step.kind === 'write' ? [step.channel] : []));
    expect([...new Set(written)].toSorted((a, b) => a - b)).toEqual(castOf(seed, USUAL_LOAD).channels.map((_, i) => i));
  });

  it('has wanderers join and quit by turns', () => {
    const { wanderers, devices } = castOf(9, USUAL_LOAD);
    for (const wanderer of wanderers) {
      const kinds = first(9, 3000).flatMap((step) =>
        devices[step.device] === wanderer && (step.kind === 'join' || step.kind === 'quit') ? [step.kind] : [],
      );
      expect(kinds.length).toBeGreaterThan(4);
      expect(kinds).toEqual(kinds.map((_, index) => (index % 2 === 0 ? 'join' : 'quit')));
    }
  });
});
