import { writeFile } from 'node:fs/promises';
import type { Entry } from './entries.js';

type WithoutTime<E> = E extends unknown ? Omit<E, 't'> : never;
/** An entry that has not been noted yet. */
export type Untimed = WithoutTime<Entry>;

/** What happens in a run, as it happens, with the time of one clock. */
export class History {
  readonly entries: Entry[] = [];
  private readonly began = performance.now();

  /** Milliseconds since the run began. */
  now(): number {
    return Math.round((performance.now() - this.began) * 1000) / 1000;
  }

  add(entry: Untimed): void {
    this.entries.push({ ...entry, t: this.now() });
  }

  /** One line of JSON for each entry. */
  async save(path: string): Promise<void> {
    await writeFile(path, this.entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
  }
}
