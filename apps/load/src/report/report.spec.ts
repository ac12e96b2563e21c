import { chart, niceLimit } from './svg.js';
import { table } from './table.js';

describe('a picture', () => {
  const panels = [{ title: 'Latency', unit: 'ms', lines: [{ name: 'p50 < p99', points: [0, 5, 10] }] }];

  it('draws the highest value at the top of its axis and 0 at the bottom', () => {
    expect(chart('run', panels)).toContain('d="M64 166L317 100L570 34"');
  });

  it('writes names so that they cannot break the document', () => {
    expect(chart('a & b', panels)).toContain('<title>a &amp; b</title>');
    expect(chart('a', panels)).toContain('p50 &lt; p99');
  });

  it('is drawn without values as well', () => {
    const empty = chart('none', [{ title: 't', unit: 'u', lines: [{ name: 'n', points: [] }] }]);
    expect(empty).not.toMatch(/NaN|Infinity/);
  });

  it.each([
    [0, 1],
    [1, 1],
    [3, 5],
    [74, 100],
    [15_001, 20_000],
    [0.3, 0.5],
  ])('has an axis for %p that ends at %p', (value, limit) => expect(niceLimit(value)).toBeCloseTo(limit));
});

describe('a table', () => {
  it('aligns its first column to the left and numbers to the right', () => {
    expect(
      table([
        ['name', 'n'],
        ['a', '1,000'],
      ]),
    ).toBe('name      n\na     1,000');
  });
});
