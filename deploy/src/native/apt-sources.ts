import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const APT = '/etc/apt';

/** `deb [options] address suite components`, one per line. */
function fromLines(text: string): string[] {
  const lines = [...text.matchAll(/^\s*deb\s+(?:\[[^\]]*\]\s+)?(https?:\/\/\S+)\s+(\S+)\s+(.*)$/gm)];
  return lines.flatMap(([, address = '', suite = '', components = '']) =>
    isArchive(suite, components) ? [address] : [],
  );
}

/** Paragraphs of `Key: value`. */
function fromParagraphs(text: string): string[] {
  return text.split(/\n\s*\n/).flatMap((paragraph) => {
    const value = (key: string) => new RegExp(`^${key}:\\s*(.*)$`, 'im').exec(paragraph)?.[1] ?? '';
    const disabled = value('Enabled').trim() === 'no';
    const fits = !disabled && /\bdeb\b/.test(value('Types')) && isArchive(value('Suites'), value('Components'));
    return fits
      ? value('URIs')
          .split(/\s+/)
          .filter((address) => /^https?:/.test(address))
      : [];
  });
}

/** Security updates lie elsewhere, and other vendors' archives have no component or suite of this kind. */
const isArchive = (suites: string, components: string): boolean =>
  components.split(/\s+/).includes('main') &&
  suites.split(/\s+/).some((suite) => /^[a-z]+$/.test(suite) && suite !== 'nodistro');

/** The mirror of the whole Debian archive that such files name, if any. Vendors' archives are at other paths. */
export function mirrorIn(texts: readonly string[]): string | undefined {
  const addresses = texts.flatMap((text) => (/^\s*URIs:/im.test(text) ? fromParagraphs(text) : fromLines(text)));
  return addresses.find((address) => /\/debian\/?$/.test(address)) ?? addresses[0];
}

/** The package mirror this machine already uses: the system's own files are asked before added ones. */
export async function debianMirror(): Promise<string | undefined> {
  const folder = join(APT, 'sources.list.d');
  const added = (await readdir(folder).catch(() => [])).filter((name) => /\.(list|sources)$/.test(name)).toSorted();
  const own = ['debian.sources'].filter((name) => added.includes(name));
  const files = [
    ...own.map((name) => join(folder, name)),
    join(APT, 'sources.list'),
    ...added.filter((name) => !own.includes(name)).map((name) => join(folder, name)),
  ];
  return mirrorIn(await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => ''))));
}
