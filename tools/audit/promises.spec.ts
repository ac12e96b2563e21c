import { readFileSync } from 'node:fs';

const root = new URL('../../', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, root), 'utf8');
const page = read('docs/security.md');

/** The rows of the tables of promises: what is promised, and links to the tests of it. */
const promises = page
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter(([, promise = '', proof = '']) => proof.includes('](') && promise !== '')
  .map(([, promise = '', proof = '']) => [promise, proof] as const);

const PROOF = /\[([^\]]+)\]\(\.\.\/([^)]+\.(?:spec|int|e2e)\.ts)\)/g;
const proofs = promises.flatMap(([, proof]) =>
  [...proof.matchAll(PROOF)].map(([, name = '', file = '']) => [name, file] as const),
);

describe('docs/security.md', () => {
  it('proves every promise by a test', () => {
    const rows = page.split('\n').filter((line) => line.startsWith('| ') && !/^\| (-|Promise |Who )/.test(line));
    expect(promises.length).toBeGreaterThan(25);
    const proved = promises.filter(([, proof]) => [...proof.matchAll(PROOF)].length > 0);
    expect(proved).toHaveLength(promises.length);
    expect(rows.filter((row) => !row.includes('](../'))).toEqual([]);
  });

  it.each(proofs)('names a test that is there: %s', (name, file) => {
    expect(read(file)).toContain(name);
  });
});
