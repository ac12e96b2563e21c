import { z } from 'zod';
import { ChannelId, ContactStatus, Seq, Serial } from './ids.js';

const bare = <T extends string>(type: T) => z.object({ type: z.literal(type) });
const about = <T extends string>(type: T) => z.object({ type: z.literal(type), username: z.string() });
const aboutWithStatus = <T extends string>(type: T) => about(type).extend({ status: ContactStatus });
const titled = <T extends string>(type: T) =>
  z.object({ type: z.literal(type), channelId: ChannelId, title: z.string() });

export const StoredMessage = z.object({
  channelId: ChannelId,
  messageSeqId: Seq,
  /** `unknown` when the author's account is gone. */
  username: z.string(),
  content: z.string(),
});
export type StoredMessage = z.infer<typeof StoredMessage>;

/** What others have done. Sent only to sockets that have asked for notices: other clients do not know these types. */
export const NoticeFrame = z.discriminatedUnion('type', [
  about('NOTIFY_REJECT'),
  about('NOTIFY_DISCONNECT'),
  z.object({ type: z.literal('NOTIFY_MEMBER_JOIN'), channelId: ChannelId, username: z.string() }),
  z.object({ type: z.literal('NOTIFY_MEMBER_QUIT'), channelId: ChannelId, username: z.string() }),
]);
export type NoticeFrame = z.infer<typeof NoticeFrame>;

/**
 * Everything a version 1 client may receive. Clients of that version drop a frame with an unknown field,
 * so the field sets are exact: nothing may be added here. New types are notices.
 */
export const ServerFrame = z.discriminatedUnion('type', [
  z.object({ type: z.literal('FETCH_USER_INVITECODE_RESPONSE'), inviteCode: z.string() }),
  z.object({
    type: z.literal('FETCH_CONNECTIONS_RESPONSE'),
    connections: z.array(z.object({ username: z.string(), status: ContactStatus })),
  }),
  z.object({ type: z.literal('INVITE_RESPONSE'), inviteCode: z.string(), status: ContactStatus }),
  about('ASK_INVITE'),
  about('ACCEPT_RESPONSE'),
  about('NOTIFY_ACCEPT'),
  aboutWithStatus('REJECT_RESPONSE'),
  aboutWithStatus('DISCONNECT_RESPONSE'),
  z.object({ type: z.literal('FETCH_CHANNEL_INVITECODE_RESPONSE'), channelId: ChannelId, inviteCode: z.string() }),
  z.object({
    type: z.literal('FETCH_CHANNELS_RESPONSE'),
    channels: z.array(z.object({ channelId: ChannelId, title: z.string(), headCount: z.int() })),
  }),
  titled('CREATE_RESPONSE'),
  titled('NOTIFY_JOIN'),
  titled('JOIN_RESPONSE'),
  titled('ENTER_RESPONSE').extend({ lastReadMessageSeqId: Seq, lastChannelMessageSeqId: Seq }),
  bare('LEAVE_RESPONSE'),
  z.object({ type: z.literal('QUIT_RESPONSE'), channelId: ChannelId }),
  z.object({ type: z.literal('NOTIFY_MESSAGE'), ...StoredMessage.shape }),
  z.object({ type: z.literal('WRITE_MESSAGE_ACK'), serial: Serial.nullable(), messageSeqId: Seq }),
  z.object({ type: z.literal('FETCH_MESSAGES_RESPONSE'), channelId: ChannelId, messages: z.array(StoredMessage) }),
  z.object({
    type: z.literal('ERROR'),
    /** Type of the frame that failed; `UNKNOWN` when it could not be read. */
    messageType: z.string(),
    message: z.string(),
  }),
  ...NoticeFrame.options,
]);
export type ServerFrame = z.infer<typeof ServerFrame>;
export type ServerFrameType = ServerFrame['type'];
export type ServerFrameOf<T extends ServerFrameType> = Extract<ServerFrame, { type: T }>;
