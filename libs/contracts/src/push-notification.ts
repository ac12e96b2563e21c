import { createHash } from 'node:crypto';
import { ServerFrame, type ServerFrameType, UserId } from '@parley/protocol';
import { z } from 'zod';
import { topic } from './topic.js';

/** Something that people should hear of although no socket shows it to them. */
export const PushNotification = z.object({
  /** The same for every repetition of the same push: the inbox keeps it once per user. */
  id: z.string().max(64),
  request: z.string(),
  userIds: z.array(UserId),
  frame: ServerFrame,
});
export type PushNotification = z.infer<typeof PushNotification>;

/** Keyed by what the push is about (a channel, else a user), so that pushes of one conversation keep their order. */
export const pushNotification = topic('push-notification', PushNotification, (record) =>
  'channelId' in record.frame ? `channel-${record.frame.channelId}` : `user-${record.userIds[0] ?? 0}`,
);

export const pushIdOfMessage = (channelId: number, seq: number): string => `m-${channelId}-${seq}`;
/** Hashed, because a request id may be as long as the name of its server allows. */
export const pushIdOfRequest = (request: string, frameType: string): string =>
  createHash('sha256').update(`${frameType} ${request}`).digest('base64url');

const PUSHED: ReadonlySet<ServerFrameType> = new Set([
  'INVITE_RESPONSE',
  'ASK_INVITE',
  'ACCEPT_RESPONSE',
  'NOTIFY_ACCEPT',
  'NOTIFY_JOIN',
  'DISCONNECT_RESPONSE',
  'REJECT_RESPONSE',
  'CREATE_RESPONSE',
  'QUIT_RESPONSE',
  'NOTIFY_MESSAGE',
]);

/** Whether a frame that finds no socket is worth a push. */
export const isPushed = (type: ServerFrameType): boolean => PUSHED.has(type);
