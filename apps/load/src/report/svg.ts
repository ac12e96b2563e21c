/** One line of a panel; x is the position in `points`, counted from 1. */
export interface Line {
  readonly name: string;
  readonly points: readonly number[];
}

export interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly Line[];
}

const WIDTH = 760;
const HEIGHT = 190;
const LEFT = 64;
const RIGHT = 190;
const TOP = 34;
const BOTTOM = 24;
const TICKS = 4;
const COLOURS = [
  '#1f6feb',
  '#d1242f',
  '#1a7f37',
  '#9a6700',
  '#8250df',
  '#bf3989',
  '#57606a',
  '#0550ae',
  '#953800',
  '#116329',
];

const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;');
const rounded = (value: number): string => String(Math.round(value * 10) / 10);

/** The next of 1, 2, 5, 10, 20 … that is not below `value`. */
export function niceLimit(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((limit) => limit >= value * 0.999) ?? value;
}

/** Panels below each other as one SVG document: x is seconds, every y axis begins at 0. */
export function chart(title: string, panels: readonly Panel[]): string {
  const height = 30 + panels.length * HEIGHT + 20;
  const body = panels.map((panel, index) => `<g transform="translate(0 ${30 + index * HEIGHT})">${drawn(panel)}</g>`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="12" y="20" font-size="14" font-weight="bold">${escaped(title)}</text>`,
    ...body,
    '</svg>\n',
  ].join('\n');
}

function drawn({ title, unit, lines }: Panel): string {
  const limit = niceLimit(Math.max(0, ...lines.flatMap((line) => line.points)));
  const length = Math.max(2, ...lines.map((line) => line.points.length));
  const x = (index: number): number => LEFT + (index / (length - 1)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number): number => HEIGHT - BOTTOM - (value / limit) * (HEIGHT - TOP - BOTTOM);
  const grid = Array.from({ length: TICKS + 1 }, (_, tick) => {
    const value = (limit * tick) / TICKS;
    const at = rounded(y(value));
    return (
      `<path d="M${LEFT} ${at}H${WIDTH - RIGHT}" stroke="#d8dee4"/>` +
      `<text x="${LEFT - 6}" y="${rounded(y(value) + 4)}" text-anchor="end" fill="#57606a">${value.toLocaleString('en')}</text>`
    );
  });
  const curves = lines.map(({ name, points }, index) => {
    const colour = COLOURS[index % COLOURS.length] ?? '#000';
    const path = points.map((value, at) => `${at === 0 ? 'M' : 'L'}${rounded(x(at))} ${rounded(y(value))}`).join('');
    const key = TOP + 8 + index * 14;
    return (
      `<path d="${path}" fill="none" stroke="${colour}" stroke-width="1.6"/>` +
      `<path d="M${WIDTH - RIGHT + 12} ${key - 4}h14" stroke="${colour}" stroke-width="3"/>` +
      `<text x="${WIDTH - RIGHT + 32}" y="${key}">${escaped(name)}</text>`
    );
  });
  const ends = [1, length].map(
    (second, index) =>
      `<text x="${rounded(x(second - 1))}" y="${HEIGHT - 8}" text-anchor="${index === 0 ? 'start' : 'end'}" fill="#57606a">${second} s</text>`,
  );
  return [
    `<text x="12" y="20" font-weight="bold">${escaped(`${title}, ${unit}`)}</text>`,
    ...grid,
    ...curves,
    ...ends,
  ].join('\n');
}
