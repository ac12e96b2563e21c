import type { ClientFrameType } from './client-frames.js';

/** Texts of ERROR frames. They are part of the wire: clients show and compare them. */
export const ERROR_TEXT = {
  fetchUserInviteCodeFailed: 'Fetch user invite code failed.',
  invalidInviteCode: 'Invalid invite code.',
  selfInvite: "Can't self invite.",
  contactLimit: 'Connection limit reached.',
  contactLimitOther: 'Connection limit reached by the other user.',
  inviteFailed: 'InviteRequest failed.',
  invalidUsername: 'Invalid username.',
  selfAccept: "Can't self accept.",
  alreadyAccepted: 'Already connected.',
  acceptFailed: 'Accept failed.',
  rejectFailed: 'Reject failed.',
  disconnectFailed: 'Disconnect failed.',
  notJoinedTheChannel: 'Not joined the channel.',
  notJoined: 'Not joined.',
  notFound: 'Not found.',
  invalidArguments: 'Invalid arguments.',
  overLimit: 'Over limit.',
  unconnectedUsers: 'Unconnected users included.',
  alreadyJoined: 'Already joined.',
  failed: 'failed.',
  notJson: 'Not a JSON object.',
  unknownType: 'Unknown type.',
  tooManyFrames: 'Too many messages, slow down.',
} as const;

export const alreadyConnectedWith = (partner: string): string => `Already connected with ${partner}`;
export const alreadyInvitedTo = (partner: string): string => `Already invited to ${partner}`;

/** Sent when a command could not be handed on or carried out for a reason outside it; the same frame may be sent again. */
export const UNAVAILABLE_TEXT: Readonly<Record<ClientFrameType, string>> = {
  FETCH_USER_INVITECODE_REQUEST: 'Fetch user invitecode failed.',
  FETCH_CONNECTIONS_REQUEST: 'Fetch connections failed.',
  INVITE_REQUEST: 'Invite failed.',
  ACCEPT_REQUEST: 'Accept failed.',
  REJECT_REQUEST: 'Reject failed.',
  DISCONNECT_REQUEST: 'Disconnect failed.',
  FETCH_CHANNEL_INVITECODE_REQUEST: 'Fetch channel invitecode failed.',
  FETCH_CHANNELS_REQUEST: 'Fetch channels failed.',
  CREATE_REQUEST: 'Create failed.',
  JOIN_REQUEST: 'Join failed.',
  ENTER_REQUEST: 'Enter failed.',
  LEAVE_REQUEST: 'Leave failed.',
  QUIT_REQUEST: 'Quit failed.',
  WRITE_MESSAGE: 'Write message failed.',
  READ_MESSAGE_ACK: 'Read message ack failed.',
  FETCH_MESSAGES_REQUEST: 'Fetch messages failed.',
  KEEP_ALIVE: 'Keep alive failed.',
};

/** `messageType` of an ERROR about a frame whose type could not be read. */
export const UNKNOWN_TYPE = 'UNKNOWN';
