import {
  Accept,
  Create,
  Disconnect,
  FetchChannels,
  FetchConnections,
  FetchUserInviteCode,
  Invite,
  Join,
  Leave,
  Reject,
  UserId,
} from '@parley/protocol';
import { z } from 'zod';
import { Origin } from './origin.js';
import { topic } from './topic.js';

/** A command of one user that is not about a known channel, as its socket sent it. */
export const UserCommand = z.object({
  kind: z.literal('COMMAND'),
  origin: Origin,
  frame: z.discriminatedUnion('type', [
    FetchUserInviteCode,
    FetchConnections,
    Invite,
    Accept,
    Reject,
    Disconnect,
    FetchChannels,
    Create,
    Join,
    /** Leaving when nothing was entered: only the answer is left to give. */
    Leave,
  ]),
});
export type UserCommand = z.infer<typeof UserCommand>;
export type UserCommandFrame = UserCommand['frame'];

/** An account is gone: contacts, memberships and head counts follow. */
export const UserUnregistered = z.object({
  kind: z.literal('USER_UNREGISTERED'),
  userId: UserId,
  username: z.string(),
});
export type UserUnregistered = z.infer<typeof UserUnregistered>;

export const MessageRequest = z.discriminatedUnion('kind', [UserCommand, UserUnregistered]);
export type MessageRequest = z.infer<typeof MessageRequest>;

/** What users ask for themselves, keyed by user id: the commands of one user keep their order. */
export const messageRequest = topic('message-request', MessageRequest, (record) =>
  String(record.kind === 'COMMAND' ? record.origin.userId : record.userId),
);
