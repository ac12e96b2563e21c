import {
  ChannelId,
  Enter,
  FetchChannelInviteCode,
  FetchMessages,
  Leave,
  Quit,
  Seq,
  ServerFrame,
  UserId,
  WriteMessage,
} from '@parley/protocol';
import { z } from 'zod';
import { Notice } from './notice.js';
import { Origin } from './origin.js';
import { topic } from './topic.js';

const about = <K extends string>(kind: K) => z.object({ kind: z.literal(kind), channelId: ChannelId });

/**
 * One message to store. A client that gives no serial gets none back, yet a redelivered record must find its row:
 * `once` is what the database keeps unique per sender and channel: the serial, or a negative number made for the frame.
 */
export const Write = about('WRITE').extend({
  origin: Origin,
  once: z.int(),
  frame: WriteMessage,
  /** The socket did not show the channel: writing there says nothing of what has been read. */
  blind: z.literal(true).optional(),
});
export type Write = z.infer<typeof Write>;

/** A command about one channel, as its socket sent it. */
export const ChannelCommand = about('COMMAND').extend({
  origin: Origin,
  frame: z.discriminatedUnion('type', [Enter, Leave, Quit, FetchChannelInviteCode, FetchMessages]),
});
export type ChannelCommand = z.infer<typeof ChannelCommand>;

/** How far sockets of one server have read: the newest position per socket since the last such record. */
export const Reads = about('READS').extend({
  server: z.string(),
  positions: z.array(z.object({ userId: UserId, connection: z.string(), seq: Seq })),
});
export type Reads = z.infer<typeof Reads>;

/** A frame for all sockets of a user (or one of them), sent when the channel's owner has taken note of the change. */
export const Delivery = z.object({
  userId: UserId,
  /** Only this socket; all sockets of the user when absent. */
  only: z.object({ server: z.string(), connection: z.string() }).optional(),
  frame: ServerFrame,
});
export type Delivery = z.infer<typeof Delivery>;

/**
 * Committed changes of membership, told to the owner of the channel before anyone gets the answer: it knows the
 * members before they can act on it.
 */
export const MembersChanged = about('MEMBERS_CHANGED').extend({
  request: z.string(),
  joined: z.array(UserId),
  gone: z.array(UserId),
  deliveries: z.array(Delivery),
  /** For all members. */
  notice: Notice.optional(),
});
export type MembersChanged = z.infer<typeof MembersChanged>;

/** A socket no longer shows the channel; `seen` is the last sequence that was written to it. */
export const ViewerLeft = about('VIEWER_LEFT').extend({
  userId: UserId,
  server: z.string(),
  connection: z.string(),
  seen: Seq,
  /** Said by a message service, because the server is silent. */
  presumed: z.literal(true).optional(),
});
export type ViewerLeft = z.infer<typeof ViewerLeft>;

/** A connection server misses messages of a channel that it shows: `after` is the last one it has. */
export const Replay = about('REPLAY').extend({ server: z.string(), after: Seq });
export type Replay = z.infer<typeof Replay>;

export const MessageRelay = z.discriminatedUnion('kind', [
  Write,
  ChannelCommand,
  Reads,
  MembersChanged,
  ViewerLeft,
  Replay,
]);
export type MessageRelay = z.infer<typeof MessageRelay>;

/** Everything about one channel, keyed by its id: one consumer owns it and sees it in one order. */
export const messageRelay = topic('message-relay', MessageRelay, (record) => String(record.channelId));
