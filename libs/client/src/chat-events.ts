import type { ChannelId, Seq, ServerFrame } from '@parley/protocol';
import type { ChatMessage } from './inbox.js';
import type { LinkState } from './link.js';

export interface ChannelRef {
  readonly channelId: ChannelId;
  readonly title: string;
}

export interface EnteredChannel extends ChannelRef {
  readonly lastRead: Seq;
  /** Last stored sequence at the time of entering. */
  readonly last: Seq;
  /** First sequence the screen shows; older ones come from `history`. */
  readonly from: Seq;
}

/** Somebody who became a member of a channel or ended that. */
export interface MemberChange {
  readonly channelId: ChannelId;
  readonly username: string;
}

/** Everything a client reports by itself. */
export interface ChatEvents {
  /** A message of the entered channel: each one once, in the order of its sequence. */
  message: ChatMessage;
  /** A channel was entered; comes before its first message. */
  entered: EnteredChannel;
  /** The entered channel is no longer open to this user: found while reconnecting, or quit on another device. */
  removed: { readonly channelId: ChannelId; readonly reason: string };
  /** Someone asks to connect. */
  invited: { readonly username: string };
  /** Someone accepted. */
  accepted: { readonly username: string };
  /** Someone created a channel with this user. */
  joined: ChannelRef;
  /**
   * The invitation between this user and another one is no longer open: it was rejected, by that one or on another
   * device, or that one's account is gone.
   */
  rejected: { readonly username: string };
  /** The contact with another user, or a rejection, has ended: by that one, or on another device. */
  contactEnded: { readonly username: string };
  /** Somebody joined a channel of this user; the user's own name says that it was done on another device. */
  memberJoined: MemberChange;
  /** Somebody quit a channel of this user; the own name as above. */
  memberQuit: MemberChange;
  /** An ERROR that belongs to no request made here. */
  serverError: { readonly messageType: string; readonly message: string };
  /** The socket opened, was lost, or ended. */
  state: LinkState;
  /** Every frame as it came, before anything else is done with it. */
  frame: ServerFrame;
  /** A frame this version cannot read. */
  unreadable: { readonly text: string };
}
