import type { Fault } from '../faults/fault.js';
import { passed, row, verdict, withResults } from './report.js';
import type { Trial } from './trial.js';

const fault = (name: string): Fault => ({
  name,
  title: `the ${name}`,
  lastsMs: 0,
  inject: async () => async () => undefined,
});

const trial = (over: Partial<Trial> = {}): Trial => ({
  seed: 7,
  times: 2,
  hit: ['message-1'],
  longestPauseMs: new Map([
    [2, 1500],
    [1, 6449],
  ]),
  resumedMs: new Map([
    [1, 900],
    [2, 10_000],
  ]),
  reachedMs: 0,
  complaints: [{ text: 'Write message failed.', count: 3 }],
  messages: 500,
  violations: [],
  ...over,
});

describe('a verdict', () => {
  it('is good when every promise was kept and writes flowed again in time', () => {
    expect(passed(trial())).toBe(true);
    expect(verdict(trial())).toBe('0 lost, 0 doubled, 0 inverted of 500');
  });

  it.each<[string, Partial<Trial>, string]>([
    [
      'a broken promise',
      { violations: [{ rule: 'noGaps', text: 'channel 1: 3 stands where 2 should' }] },
      '**broken**: 1 × noGaps',
    ],
    [
      'writes that flow too late',
      { resumedMs: new Map([[1, 10_001]]) },
      '**late**, 0 lost, 0 doubled, 0 inverted of 500',
    ],
    ['messages that reach people too late', { reachedMs: 5001 }, '**late**, 0 lost, 0 doubled, 0 inverted of 500'],
    [
      'a pause that a second instance should have spared people',
      { pauseWithinMs: 6000 },
      '**late**, 0 lost, 0 doubled, 0 inverted of 500',
    ],
    ['a run that came to no end', { stuck: 'nobody | answers' }, '**not finished**: nobody / answers'],
  ])('is bad for %s', (_name, over, text) => {
    expect(passed(trial(over))).toBe(false);
    expect(verdict(trial(over))).toBe(text);
  });

  it('forgives a slow machine some of its lateness, but not all of it', () => {
    const late = (ms: number) => trial({ resumedMs: new Map([[1, ms]]) });
    expect(passed(late(30_000), 3)).toBe(true);
    expect(passed(late(30_001), 3)).toBe(false);
  });
});

describe('the table', () => {
  const info = { date: '2030-01-02', versions: 'commit abc, Node 24' };
  const page = 'above\n<!-- begin of results: written by npm run chaos -->\n<!-- end of results -->\nbelow\n';
  const [one, two] = [fault('one'), fault('two')];

  it('has a row with times, texts, verdict, date, seed and versions', () => {
    expect(row(one, trial(), info)).toBe(
      '| the one (`one`) | 2 × message-1 | 6.4 s / 1.5 s | 0.9 s / 10.0 s | 3 × Write message failed. | 0 lost, 0 doubled, 0 inverted of 500 | 2030-01-02, seed 7, commit abc, Node 24 |',
    );
  });

  it('keeps the rows of faults that were not run, in the order of the matrix', () => {
    const first = withResults(page, [one, two], new Map([['two', row(two, trial(), info)]]), 'old servers');
    const both = withResults(first, [one, two], new Map([['one', row(one, trial(), info)]]), 'these servers');
    expect(both.split('\n').filter((line) => line.startsWith('| the'))).toEqual([
      row(one, trial(), info),
      row(two, trial(), info),
    ]);
    expect(both).toMatch(/^above\n[^]*\nbelow\n$/);
    expect(both).toContain('these servers');
    expect(both).not.toContain('old servers');
    expect(withResults(both, [one, two], new Map(), 'these servers')).toBe(both);
  });
});
