import { readFileSync } from 'node:fs';
import { CONFIGURATION_FILE, variablesOf, withVariables } from './configuration.js';

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const document = read(CONFIGURATION_FILE);

/** First cells of all tables: names in backticks. */
const named = new Set([...document.matchAll(/^\| `([A-Z_]+)` +\|/gm)].map(([, name]) => name));

/** Without the padding that the formatter gives to tables. */
const unaligned = (text: string): string => text.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---');

describe('docs/configuration.md', () => {
  it('is what "npm run docs" writes', () => {
    expect(unaligned(withVariables(document))).toBe(unaligned(document));
  });

  it.each(Object.entries(variablesOf))('tells of every variable of %s what it means and accepts', (_, variables) => {
    expect(variables.filter(({ description, accepted }) => description === '' || accepted === '')).toEqual([]);
    expect(variables.filter(({ name }) => !named.has(name))).toEqual([]);
  });

  it.each([
    ['the load balancer’s agent', 'deploy/src/nginx-agent/agent-config.ts', /^ {2}([A-Z][A-Z_]+):/gm],
    ['Docker Compose', 'docker-compose.yml', /\$\{(PARLEY_[A-Z_]+)/g],
  ])('names every variable of %s', (_, file, pattern) => {
    const known = new Set([...read(file).matchAll(pattern)].map(([, name]) => name));
    expect(known.size).toBeGreaterThan(0);
    expect([...known].filter((name) => !named.has(name))).toEqual([]);
  });

  it('names no variable that nobody reads', () => {
    const code = ['deploy/src/nginx-agent/agent-config.ts', 'docker-compose.yml', 'apps/terminal/src/options.ts'];
    const elsewhere = code.map(read).join('\n');
    const known = new Set(Object.values(variablesOf).flatMap((variables) => variables.map(({ name }) => name)));
    expect([...named].filter((name) => !known.has(name ?? '') && !elsewhere.includes(name ?? ''))).toEqual([]);
  });
});
