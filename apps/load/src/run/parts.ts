import type { Guest } from './load-run.js';

/** Systems often allow a process 20,000 open files. */
export const SOCKETS_PER_PROCESS = 15_000;

export interface Part {
  readonly guests: readonly Guest[];
  /** Position of the first of them in the whole run. */
  readonly firstIndex: number;
}

/** Cuts a run into parts for one process each, between channels: who judges a channel sees all its receivers. */
export function partsOf(guests: readonly Guest[], most: number): Part[] {
  const parts: Part[] = [];
  let start = 0;
  for (let at = 1; at <= guests.length; at += 1) {
    const previous = guests[at - 1]?.channelId;
    const inside = at < guests.length && previous !== undefined && guests[at]?.channelId === previous;
    if (inside) continue;
    if (at < guests.length && endOfChannel(guests, at) - start <= most) continue;
    parts.push({ guests: guests.slice(start, at), firstIndex: start });
    start = at;
  }
  return parts;
}

/** Where the channel that begins at `from` ends. */
function endOfChannel(guests: readonly Guest[], from: number): number {
  const channel = guests[from]?.channelId;
  let end = from + 1;
  while (channel !== undefined && guests[end]?.channelId === channel) end += 1;
  return end;
}
