import { ChannelId, Seq, ServerFrame, StoredMessage, UserId } from '@parley/protocol';
import { z } from 'zod';
import { UserNotice } from './notice.js';
import { topic, type Topic } from './topic.js';

/** For one socket. */
export const ToConnection = z.object({
  kind: z.literal('TO_CONNECTION'),
  connection: z.string(),
  /** Whose push it becomes if the socket is gone. */
  userId: UserId,
  request: z.string(),
  frame: ServerFrame,
});

/** For every socket of a user on this server. */
export const ToUser = z.object({ kind: z.literal('TO_USER'), userId: UserId, request: z.string(), frame: ServerFrame });

/** A stored message for every socket on this server that has entered its channel. */
export const ToChannel = z.object({
  kind: z.literal('TO_CHANNEL'),
  message: StoredMessage,
  request: z.string(),
  /** The socket that wrote it has its acknowledgement instead. */
  except: z.string(),
});

/** The answer to a REPLAY: all that is stored after a sequence, oldest first, up to `last`. */
export const Replayed = z.object({
  kind: z.literal('REPLAYED'),
  channelId: ChannelId,
  messages: z.array(StoredMessage),
  /** Last sequence of the channel when it was read: more than the messages reach means: ask again. */
  last: Seq,
});

/** A user is no longer a member: sockets of theirs that show the channel leave it. */
export const MemberGone = z.object({ kind: z.literal('MEMBER_GONE'), channelId: ChannelId, userId: UserId });

/** For all sockets of these users on this server that have asked for notices. */
export const ToNoticed = z.object({ kind: z.literal('NOTICE'), request: z.string(), ...UserNotice.shape });

export const NotificationEntry = z.discriminatedUnion('kind', [
  ToConnection,
  ToUser,
  ToChannel,
  Replayed,
  MemberGone,
  ToNoticed,
]);
export type NotificationEntry = z.infer<typeof NotificationEntry>;

/** One record per batch and connection server, whatever the number of people behind it; entries are in order. */
export const Notification = z.object({ entries: z.array(NotificationEntry) });
export type Notification = z.infer<typeof Notification>;

export const NOTIFICATION_TOPIC_PREFIX = 'connection-notification-';

/** One topic per connection server with a single partition: its records have one order. */
export const connectionNotification = (server: string): Topic<Notification> =>
  topic(`${NOTIFICATION_TOPIC_PREFIX}${server}`, Notification, () => null);
