import { Schedule } from './schedule.js';

describe('the schedule of an open loop', () => {
  const due = (schedule: Schedule, now: number): number[][] => {
    const sent: number[][] = [];
    schedule.run(now, (index, dueUs) => void sent.push([index, dueUs]));
    return sent;
  };

  it('sends each message once, when it is due', () => {
    const schedule = new Schedule(1_000_000, 1_000);
    expect(due(schedule, 999_999)).toEqual([]);
    expect(due(schedule, 1_001_000)).toEqual([
      [0, 1_000_000],
      [1, 1_001_000],
    ]);
    expect(due(schedule, 1_001_500)).toEqual([]);
    expect(schedule.nextUs).toBe(1_002_000);
  });

  it('makes up for a pause with the times at which the messages were due', () => {
    const schedule = new Schedule(0, 10);
    due(schedule, 0);
    expect(due(schedule, 350_000)).toEqual([
      [1, 100_000],
      [2, 200_000],
      [3, 300_000],
    ]);
  });

  it('keeps a rate that does not divide a second', () => {
    const schedule = new Schedule(0, 3);
    expect(due(schedule, 10_000_000)).toHaveLength(31);
    expect(schedule.nextUs).toBe(10_333_333);
  });
});
