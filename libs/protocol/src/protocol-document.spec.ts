import { readFileSync } from 'node:fs';
import { clientFixtures, serverFixtures } from '../test/golden-frames.js';
import { CLOSE, reconnectAfter } from './close-codes.js';
import { alreadyConnectedWith, alreadyInvitedTo, ERROR_TEXT, UNAVAILABLE_TEXT } from './errors.js';
import { AUTH_TEXT, PATHS } from './http.js';
import { LIMITS } from './limits.js';

const document = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');

/** Heading and body of each section of a depth, in order. */
function sections(depth: number): { title: string; body: string }[] {
  const parts = document.split(new RegExp(`^${'#'.repeat(depth)} `, 'm')).slice(1);
  return parts.map((part) => {
    const [title = '', ...lines] = part.split('\n');
    const end = lines.findIndex((line) => /^#+ /.test(line) && line.indexOf(' ') <= depth);
    return { title, body: lines.slice(0, end < 0 ? undefined : end).join('\n') };
  });
}

/** Rows of the first table of a section, without its heading; cells without the backticks. */
function table(title: string): string[][] {
  const section = sections(2).find((candidate) => candidate.title === title);
  const rows = (section?.body.split('\n') ?? []).filter((line) => line.startsWith('|')).slice(2);
  return rows.map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim().replace(/^`(.*)`$/, '$1')),
  );
}

const firstCells = (title: string): string[] => table(title).map(([cell = '']) => cell);
const frames = sections(3).filter(({ title }) => /^[A-Z_]+$/.test(title));
const fixtures = [...clientFixtures, ...serverFixtures];

describe('docs/protocol.md', () => {
  it('has a section for every frame, and for no other', () => {
    expect(frames.map(({ title }) => title).toSorted()).toEqual(fixtures.map(({ type }) => type).toSorted());
  });

  it.each(fixtures)('shows $type as it is on the wire', ({ type, valid: [example] }) => {
    const body = frames.find(({ title }) => title === type)?.body ?? '';
    const [, shown = 'null'] = /```json\n([\s\S]*?)```/.exec(body) ?? [];
    expect(JSON.stringify(JSON.parse(shown))).toBe(JSON.stringify(example?.frame));
  });

  it('names every text of an ERROR, and no other', () => {
    const texts = [
      ...Object.values(ERROR_TEXT),
      alreadyConnectedWith('<name>'),
      alreadyInvitedTo('<name>'),
      'Invalid frame: <what is wrong>.',
    ];
    expect(firstCells('Texts of ERROR frames').toSorted()).toEqual(texts.toSorted());
  });

  it('quotes no text that an ERROR cannot have where it tells of the checks', () => {
    const known = new Set<string>([...Object.values(ERROR_TEXT), ...Object.values(UNAVAILABLE_TEXT)]);
    const checks = frames.flatMap(({ body }) => [...body.matchAll(/`([A-Z][^`]*\.)`/g)].map(([, text = '']) => text));
    expect(checks.length).toBeGreaterThan(20);
    expect(checks.filter((text) => !known.has(text))).toEqual([]);
  });

  it('names the text that invites to try again for each frame of a client', () => {
    const rows = table('Texts of ERROR frames: try again').map(([text, type = '']) => [
      type.replace(/`? \(.*/, '').replaceAll('`', ''),
      text,
    ]);
    expect(Object.fromEntries(rows)).toEqual(UNAVAILABLE_TEXT);
  });

  it('names every text of REST, and no other', () => {
    expect(firstCells('Texts of REST').toSorted()).toEqual([...new Set(Object.values(AUTH_TEXT))].toSorted());
  });

  it('names every path', () => {
    for (const path of Object.values(PATHS)) expect(document).toContain(path);
  });

  it('names every close code with its reason and what a client does next', () => {
    const codes = Object.values(CLOSE).map(({ code, reason }) => [String(code), reason, reconnectAfter(code)]);
    expect(table('Close codes')).toEqual(codes);
  });

  it('names every limit with its value', () => {
    const limits = table('Limits').map(([name = '', value]) => [name, Number(value)]);
    expect(limits).toEqual(Object.entries(LIMITS));
  });

  it('leads nowhere that does not exist', () => {
    const anchor = (title: string): string =>
      title
        .toLowerCase()
        .replaceAll(/[^a-z0-9_ -]/g, '')
        .replaceAll(' ', '-');
    const anchors = new Set([2, 3].flatMap(sections).map(({ title }) => anchor(title)));
    const links = [...document.matchAll(/\]\(#([^)]+)\)/g)].map(([, target = '']) => target);
    expect(links.filter((target) => !anchors.has(target))).toEqual([]);
  });
});
