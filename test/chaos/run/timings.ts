import type { Entry } from '../history/entries.js';

/** Who has the channel on a screen, and a connection, is shown a message in this time: well before the SDK asks by itself. */
const LIVE_MS = 3000;

export const raise = <K>(all: Map<K, number>, key: K, ms: number): void =>
  void all.set(key, Math.max(all.get(key) ?? 0, Math.round(ms)));

/** The longest time without an acknowledgement in `from`..`to`, per shard. */
export function pauses(log: readonly Entry[], shardOf: ReadonlyMap<number, number>, from: number, to: number) {
  const channelOf = new Map<number, number>();
  const lastAck = new Map([...new Set(shardOf.values())].map((shard) => [shard, from]));
  const longest = new Map<number, number>();
  for (const entry of log) {
    if (entry.kind === 'write') channelOf.set(entry.serial, entry.channel);
    if (entry.kind !== 'ack' || entry.t < from || entry.t > to) continue;
    const shard = shardOf.get(channelOf.get(entry.serial) ?? -1);
    if (shard === undefined) continue;
    raise(longest, shard, entry.t - (lastAck.get(shard) ?? from));
    lastAck.set(shard, entry.t);
  }
  for (const [shard, t] of lastAck) raise(longest, shard, to - t);
  return longest;
}

interface Screen {
  readonly channel: number;
  seq: number;
  /** Acknowledged, and not shown here yet. */
  waiting: { readonly seq: number; readonly t: number }[];
}

/**
 * From `from` on, how long until messages reached everybody online at once: when the last one was acknowledged that a
 * screen with a connection did not show in time. Zero when all of them did.
 */
export function reached(log: readonly Entry[], from: number, to: number): number {
  const channelOf = new Map<number, number>();
  const online = new Set<string>();
  const screens = new Map<string, Screen>();
  let last = from;
  const shows = (screen: Screen, seq: number, t: number): void => {
    for (const message of screen.waiting) {
      if (message.seq <= seq && t - message.t > LIVE_MS) last = Math.max(last, message.t);
    }
    screen.waiting = screen.waiting.filter((message) => message.seq > seq);
  };
  for (const entry of log) {
    if (entry.t > to) break;
    if (entry.kind === 'write') channelOf.set(entry.serial, entry.channel);
    if (entry.kind === 'blank') screens.delete(entry.device);
    if (entry.kind === 'screen') {
      screens.set(entry.device, { channel: entry.channel, seq: entry.from - 1, waiting: [] });
    }
    if (entry.kind === 'link') {
      if (entry.state === 'open') online.add(entry.device);
      else online.delete(entry.device);
      const screen = screens.get(entry.device);
      // Whoever has lost the connection waits for no live message.
      if (screen) screen.waiting = [];
    }
    if (entry.kind === 'shown') {
      const screen = screens.get(entry.device);
      if (screen === undefined) continue;
      screen.seq = entry.seq;
      shows(screen, entry.seq, entry.t);
    }
    if (entry.kind === 'ack' && entry.t >= from) {
      const channel = channelOf.get(entry.serial);
      for (const [device, screen] of screens) {
        if (screen.channel !== channel || screen.seq >= entry.seq || !online.has(device)) continue;
        screen.waiting.push({ seq: entry.seq, t: entry.t });
      }
    }
  }
  for (const screen of screens.values()) shows(screen, Infinity, to);
  return Math.round(last - from);
}
