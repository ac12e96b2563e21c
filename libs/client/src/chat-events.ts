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

/** Everything a client reports by itself. */
export interface ChatEvents {
  /** A message of the entered channel: each one once, in the order of its sequence. */
  message: ChatMessage;
  /** A channel was entered; comes before its first message. */
  entered: EnteredChannel;
  /** The entered channel is no longer open to this user, found while reconnecting. */
  removed: { readonly channelId: ChannelId; readonly reason: string };
  /** Someone asks to connect. */
  invited: { readonly username: string };
  /** Someone accepted. */
  accepted: { readonly username: string };
  /** Someone created a channel with this user. */
  joined: ChannelRef;
  /** An ERROR that belongs to no request made here. */
  serverError: { readonly messageType: string; readonly message: string };
  /** The socket opened, was lost, or ended. */
  state: LinkState;
  /** Every frame as it came, before anything else is done with it. */
  frame: ServerFrame;
  /** A frame this version cannot read. */
  unreadable: { readonly text: string };
}
