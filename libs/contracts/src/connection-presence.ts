import { ChannelId, Seq, UserId } from '@parley/protocol';
import { z } from 'zod';
import { topic } from './topic.js';

/** One open socket and the channel it shows, if any. */
export const PresentConnection = z.object({
  connection: z.string(),
  userId: UserId,
  channelId: ChannelId.optional(),
});
export type PresentConnection = z.infer<typeof PresentConnection>;

/** Everything a connection server holds: replaces what was known of it. */
export const Snapshot = z.object({
  kind: z.literal('SNAPSHOT'),
  server: z.string(),
  /** Changes with every start of the server. */
  boot: z.string(),
  connections: z.array(PresentConnection),
  /** Last sequence written out per shown channel: a difference to the stored one that lasts is a lost notification. */
  cursors: z.array(z.tuple([ChannelId, Seq])),
});

/** What changed since the last record of this server; also its sign of life when empty. */
export const Delta = z.object({
  kind: z.literal('DELTA'),
  server: z.string(),
  boot: z.string(),
  /** Opened, or now showing another channel. */
  changed: z.array(PresentConnection),
  closed: z.array(z.string()),
});

/** An orderly stop: nobody is connected there any more. */
export const Gone = z.object({ kind: z.literal('GONE'), server: z.string(), boot: z.string() });

export const ConnectionPresence = z.discriminatedUnion('kind', [Snapshot, Delta, Gone]);
export type ConnectionPresence = z.infer<typeof ConnectionPresence>;

/** Who is connected where, told to every message service; one partition, so a server's records keep their order. */
export const connectionPresence = topic('connection-presence', ConnectionPresence, (record) => record.server);

/** How the announcements are paced, in milliseconds. */
export const PRESENCE = {
  /** Changes are collected this long; with no change a sign of life is sent at `lifeSignMs`. */
  deltaMs: 50,
  lifeSignMs: 1_000,
  snapshotMs: 4_000,
  /** A server that was silent this long is taken for dead: its users are away. */
  deadAfterMs: 5_000,
} as const;
