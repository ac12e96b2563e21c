import type { ChannelId, ContactStatus, Seq, ServerFrameOf, StoredMessage } from '@parley/protocol';
import { LIMITS, seq } from '@parley/protocol';
import type { ChannelRef, ChatEvents } from './chat-events.js';
import { Emitter } from './emitter.js';
import type { ChatMessage } from './inbox.js';
import type { Requests } from './requests.js';

export interface Contact {
  readonly username: string;
  readonly status: ContactStatus;
}

export interface Channel extends ChannelRef {
  readonly headCount: number;
}

/** The commands that are one request and its answer. All of them throw RequestError. */
export abstract class ServerCommands extends Emitter<ChatEvents> {
  protected abstract readonly requests: Requests;

  async inviteCode(): Promise<string> {
    return (await this.requests.ask({ type: 'FETCH_USER_INVITECODE_REQUEST' })).inviteCode;
  }

  async contacts(status: ContactStatus): Promise<readonly Contact[]> {
    return (await this.requests.ask({ type: 'FETCH_CONNECTIONS_REQUEST', status })).connections;
  }

  invite(userInviteCode: string): Promise<ServerFrameOf<'INVITE_RESPONSE'>> {
    return this.requests.ask({ type: 'INVITE_REQUEST', userInviteCode });
  }

  accept(username: string): Promise<Pick<Contact, 'username'>> {
    return this.requests.ask({ type: 'ACCEPT_REQUEST', username });
  }

  reject(username: string): Promise<Contact> {
    return this.requests.ask({ type: 'REJECT_REQUEST', username });
  }

  /** Ends the relation to another user. */
  disconnect(username: string): Promise<Contact> {
    return this.requests.ask({ type: 'DISCONNECT_REQUEST', username });
  }

  async channelInviteCode(channelId: ChannelId): Promise<string> {
    return (await this.requests.ask({ type: 'FETCH_CHANNEL_INVITECODE_REQUEST', channelId })).inviteCode;
  }

  async channels(): Promise<readonly Channel[]> {
    return (await this.requests.ask({ type: 'FETCH_CHANNELS_REQUEST' })).channels;
  }

  create(title: string, participantUsernames: readonly string[]): Promise<ChannelRef> {
    return this.requests.ask({ type: 'CREATE_REQUEST', title, participantUsernames: [...participantUsernames] });
  }

  /**
   * The answer is a NOTIFY_JOIN, which also tells of a channel that somebody else has just made with this user: if both
   * come at the same moment, the other one arrives as a `joined` event.
   */
  join(inviteCode: string): Promise<ChannelRef> {
    return this.requests.ask({ type: 'JOIN_REQUEST', inviteCode });
  }

  /** The messages before a sequence, oldest first, at most `count`; empty at the channel's beginning. */
  async history(channelId: ChannelId, before: Seq, count: number): Promise<readonly ChatMessage[]> {
    const messages: ChatMessage[] = [];
    for (let from = Math.max(1, before - count); from < before; from += LIMITS.fetchMessages) {
      const to = Math.min(before - 1, from + LIMITS.fetchMessages - 1);
      messages.push(...(await this.fetch(channelId, seq(from), seq(to))));
    }
    return messages;
  }

  /** One inclusive range, ascending; of more than 100 messages the newest 100. */
  async fetch(channelId: ChannelId, from: Seq, to: Seq): Promise<readonly ChatMessage[]> {
    const range = { startMessageSeqId: from, endMessageSeqId: to };
    const answer = await this.requests.ask({ type: 'FETCH_MESSAGES_REQUEST', channelId, ...range });
    return answer.messages.map((message) => this.chatMessage(message));
  }

  protected abstract chatMessage(stored: StoredMessage): ChatMessage;
}
