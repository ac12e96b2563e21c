import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** One installed copy of a package, as the lockfile records it. */
export interface Dependency {
  readonly name: string;
  readonly version: string;
  /** SPDX expression; undefined where neither lockfile nor package says. */
  readonly licence: string | undefined;
  /** Digest of the archive, without which a registry could send anything. */
  readonly integrity: string | undefined;
  readonly runsScripts: boolean;
}

const Lockfile = z.object({
  packages: z.record(
    z.string(),
    z.object({
      name: z.string().optional(),
      version: z.string().optional(),
      license: z.string().optional(),
      integrity: z.string().optional(),
      link: z.boolean().optional(),
      hasInstallScript: z.boolean().optional(),
    }),
  ),
});

/** How packages of long ago wrote their licences. */
const OldManifest = z.object({ licenses: z.array(z.object({ type: z.string() })).optional() });

const root = new URL('../../', import.meta.url);
const FOLDER = 'node_modules/';

/** Everything that the lockfile installs, our own workspaces left out. */
export function dependencies(): Dependency[] {
  const { packages } = Lockfile.parse(JSON.parse(readFileSync(new URL('package-lock.json', root), 'utf8')));
  return Object.entries(packages).flatMap(([path, entry]) => {
    const at = path.lastIndexOf(FOLDER);
    if (at < 0 || entry.link === true) return [];
    return {
      name: entry.name ?? path.slice(at + FOLDER.length),
      version: entry.version ?? '',
      licence: entry.license ?? oldLicence(path),
      integrity: entry.integrity,
      runsScripts: entry.hasInstallScript === true,
    };
  });
}

function oldLicence(path: string): string | undefined {
  try {
    const manifest = OldManifest.parse(JSON.parse(readFileSync(new URL(`${path}/package.json`, root), 'utf8')));
    return manifest.licenses?.map(({ type }) => type).join(' AND ');
  } catch {
    // Not installed on this machine, such as a package for another platform.
    return undefined;
  }
}

/** Whether an SPDX expression leaves a choice that is allowed; parentheses around AND are not used by anybody. */
export function isAllowed(expression: string, allowed: ReadonlySet<string>): boolean {
  const choices = expression.replaceAll(/[()]/g, '').split(/ OR /i);
  return choices.some((choice) => choice.split(/ AND /i).every((licence) => allowed.has(licence.trim())));
}

/**
 * Whether a version is within a range: comparisons that all hold (`>=7.0.0 <7.5.10`), or one exact version. A
 * prerelease counts as its release.
 */
export function isWithin(version: string, range: string): boolean {
  return range.split(' ').every((part) => {
    const [, sign = '', bound = ''] = /^(<=|>=|<|>|)(.+)$/.exec(part) ?? [];
    if (sign === '') return version === bound;
    const order = compare(version, bound);
    return sign.startsWith('<')
      ? order < 0 || (sign === '<=' && order === 0)
      : order > 0 || (sign === '>=' && order === 0);
  });
}

function compare(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => (version.split(/[-+]/)[0] ?? '').split('.').map(Number));
  for (let index = 0; index < 3; index += 1) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
