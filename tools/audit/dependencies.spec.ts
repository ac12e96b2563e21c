import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { dependencies, isAllowed, isWithin } from './dependencies.js';

const Versions = z.record(z.string(), z.array(z.string()));
const { licences, licencesByHand, installScripts, malicious, vulnerable } = z
  .object({
    licences: z.array(z.string()),
    licencesByHand: z.record(z.string(), z.object({ licence: z.string(), where: z.string() })),
    installScripts: z.array(z.string()),
    malicious: Versions,
    vulnerable: Versions,
  })
  .parse(JSON.parse(readFileSync(new URL('rules.json', import.meta.url), 'utf8')));

const installed = dependencies();
const named = ({ name, version }: { name: string; version: string }) => `${name}@${version}`;

/** Installed packages that a list of bad versions names. */
const foundIn = (bad: Readonly<Record<string, readonly string[]>>) =>
  installed.filter(({ name, version }) => bad[name]?.some((range) => isWithin(version, range))).map(named);

describe('what the lockfile installs', () => {
  it('is all of it looked at', () => {
    expect(installed.map(({ name }) => name)).toEqual(expect.arrayContaining(['mysql2', 'kafkajs', 'ws', 'jest']));
  });

  it('is under licences of the list', () => {
    const allowed = new Set(licences);
    const others = installed.filter(({ name, licence }) => {
      const known = licence ?? licencesByHand[name]?.licence;
      return known === undefined || !isAllowed(known, allowed);
    });
    expect(others.map((each) => `${named(each)} ${each.licence}`)).toEqual([]);
  });

  it('holds no version that was published with malicious code', () => expect(foundIn(malicious)).toEqual([]));

  it('holds no version with a weakness that is known and mended', () => expect(foundIn(vulnerable)).toEqual([]));

  it('is fixed by the digest of every archive', () => {
    expect(installed.filter(({ integrity = '' }) => !/^sha(256|384|512)-/.test(integrity)).map(named)).toEqual([]);
  });

  it('runs code at installation in the packages of the list only', () => {
    const running = installed.filter(({ name, runsScripts }) => runsScripts && !installScripts.includes(name));
    expect(running.map(named)).toEqual([]);
  });
});

describe('the rules of the audit', () => {
  it.each([
    ['MIT', true],
    ['(MIT OR GPL-3.0)', true],
    ['Apache-2.0 AND MIT', true],
    ['Apache-2.0 AND GPL-3.0', false],
    ['SEE LICENSE IN LICENSE.md', false],
  ])('take %s for allowed: %p', (expression, expected) => {
    expect(isAllowed(expression, new Set(['MIT', 'Apache-2.0']))).toBe(expected);
  });

  it.each([
    ['1.2.3', '1.2.3', true],
    ['1.2.4', '1.2.3', false],
    ['1.2.3', '<1.2.3', false],
    ['1.2.3', '<=1.2.3', true],
    ['1.10.0', '<1.9.0', false],
    ['7.5.9', '>=7.0.0 <7.5.10', true],
    ['7.5.10', '>=7.0.0 <7.5.10', false],
    ['8.0.0-rc.1', '>=8.0.0', true],
  ])('find %s in %s: %p', (version, range, expected) => expect(isWithin(version, range)).toBe(expected));
});
