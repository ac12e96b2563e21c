import { z } from 'zod';
import { AskedContactStatus, ChannelId, Seq, Serial } from './ids.js';
import { codePoints, LIMITS } from './limits.js';

/** A number where a text belongs counts as its digits. */
const text = (name: string) =>
  z.preprocess((value) => (typeof value === 'number' ? String(value) : value), z.string(`${name} must be a text`));

const nonEmpty = (name: string) => text(name).pipe(z.string().min(1, `${name} must not be empty`));

const content = text('content').pipe(
  z.string().refine(
    // A text of n UTF-16 units has at most n code points: only longer ones need the count.
    (value) =>
      value.length > 0 && (value.length <= LIMITS.contentCharacters || codePoints(value) <= LIMITS.contentCharacters),
    `content must have 1 to ${LIMITS.contentCharacters} characters`,
  ),
);

const bare = <T extends string>(type: T) => z.object({ type: z.literal(type) });
const onChannel = <T extends string>(type: T) => z.object({ type: z.literal(type), channelId: ChannelId });
const aboutUser = <T extends string>(type: T) => z.object({ type: z.literal(type), username: nonEmpty('username') });

export const FetchUserInviteCode = bare('FETCH_USER_INVITECODE_REQUEST');
export const FetchConnections = z.object({
  type: z.literal('FETCH_CONNECTIONS_REQUEST'),
  status: AskedContactStatus,
});
export const Invite = z.object({ type: z.literal('INVITE_REQUEST'), userInviteCode: nonEmpty('userInviteCode') });
export const Accept = aboutUser('ACCEPT_REQUEST');
export const Reject = aboutUser('REJECT_REQUEST');
export const Disconnect = aboutUser('DISCONNECT_REQUEST');
export const FetchChannelInviteCode = onChannel('FETCH_CHANNEL_INVITECODE_REQUEST');
export const FetchChannels = bare('FETCH_CHANNELS_REQUEST');
export const Create = z.object({
  type: z.literal('CREATE_REQUEST'),
  /** Judged after the participants, as the order of checks says; so it may be missing here. */
  title: text('title')
    .nullish()
    .transform((value) => value ?? ''),
  participantUsernames: z.array(nonEmpty('a participant'), 'participantUsernames must be a list of names').max(1000),
});
export const Join = z.object({ type: z.literal('JOIN_REQUEST'), inviteCode: nonEmpty('inviteCode') });
export const Enter = onChannel('ENTER_REQUEST');
export const Leave = bare('LEAVE_REQUEST');
export const Quit = onChannel('QUIT_REQUEST');
export const WriteMessage = z.object({
  type: z.literal('WRITE_MESSAGE'),
  serial: Serial.nullish().transform((value) => value ?? null),
  channelId: ChannelId,
  content,
});
export const ReadMessageAck = z.object({
  type: z.literal('READ_MESSAGE_ACK'),
  channelId: ChannelId,
  messageSeqId: Seq,
});
export const FetchMessages = z.object({
  type: z.literal('FETCH_MESSAGES_REQUEST'),
  channelId: ChannelId,
  startMessageSeqId: Seq,
  endMessageSeqId: Seq,
});
export const KeepAlive = bare('KEEP_ALIVE');

/** Everything a version 1 client may send: no frame type exists outside this union. */
export const ClientFrame = z.discriminatedUnion('type', [
  FetchUserInviteCode,
  FetchConnections,
  Invite,
  Accept,
  Reject,
  Disconnect,
  FetchChannelInviteCode,
  FetchChannels,
  Create,
  Join,
  Enter,
  Leave,
  Quit,
  WriteMessage,
  ReadMessageAck,
  FetchMessages,
  KeepAlive,
]);
export type ClientFrame = z.infer<typeof ClientFrame>;
export type ClientFrameType = ClientFrame['type'];
export type ClientFrameOf<T extends ClientFrameType> = { [K in T]: Extract<ClientFrame, { type: K }> & { type: K } }[T];

export const CLIENT_FRAME_TYPES: ReadonlySet<string> = new Set(
  ClientFrame.options.map((option) => option.shape.type.value),
);
