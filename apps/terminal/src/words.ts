/** Splits a command line at spaces; double quotes keep a part together (`"reading circle"`). */
export function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"?|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
}

/** The known word closest to what was typed, if it is close enough to be meant. */
export function didYouMean<T extends string>(typed: string, known: readonly T[]): T | undefined {
  const [best] = known
    .map((word) => ({ word, away: distance(typed, word) }))
    .filter(({ word, away }) => away <= (word.length < 5 ? 1 : 2))
    .sort((a, b) => a.away - b.away);
  return best?.word;
}

/** Letters to add, drop, change or swap with their neighbour (Damerau-Levenshtein, restricted). */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, at) => at)];
  const cell = (row: number, column: number): number => rows[row]?.[column] ?? Infinity;
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? cell(i - 2, j - 2) + 1 : Infinity;
      row.push(Math.min(cell(i - 1, j) + 1, cell(i, j - 1) + 1, cell(i - 1, j - 1) + (same ? 0 : 1), swapped));
    }
  }
  return cell(a.length, b.length);
}
