import { ChannelId, Seq, UserId } from '@parley/protocol';
import { z } from 'zod';
import { topic } from './topic.js';

/** One open socket and the channel it shows, if any. */
export const PresentConnection = z.object({
  connection: z.string(),
  userId: UserId,
  channelId: ChannelId.optional(),
  /** Last sequence of the channel when the socket entered it; told with the change. */
  since: Seq.optional(),
});
export type PresentConnection = z.infer<typeof PresentConnection>;

/** Where a record stands in its snapshot. A number of sockets has no bound, the size of a record has. */
export const SnapshotPart = z.object({
  /** Counts the snapshots of one life of the server. */
  snapshot: z.int(),
  /** 0, 1, 2 … in the order of the topic. */
  index: z.int(),
  last: z.boolean(),
});
export type SnapshotPart = z.infer<typeof SnapshotPart>;

/** Everything a connection server holds, in one part or more: replaces what was known of it when all parts have come. */
export const Snapshot = z.object({
  kind: z.literal('SNAPSHOT'),
  server: z.string(),
  /** Changes with every start of the server. */
  boot: z.string(),
  part: SnapshotPart.default({ snapshot: 0, index: 0, last: true }),
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
export type Snapshot = z.infer<typeof Snapshot>;
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

/** Sockets, and as many cursors, in one record: a third of what Kafka takes at once by default, with long names. */
export const PRESENCE_ENTRIES = 2_000;
