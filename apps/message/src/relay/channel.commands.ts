import type { ChannelCommand, MembersChanged, Reads, Replay, ViewerLeft } from '@parley/contracts';
import { ERROR_TEXT, seq, type ServerFrame, UNAVAILABLE_TEXT } from '@parley/protocol';
import { isUnavailable, unlessUnavailable } from '@parley/persistence';
import { Injectable } from '@nestjs/common';
import { ChannelRepository } from '../channel/channel.repository.js';
import type { DeliveryBatch } from '../delivery/delivery-batch.js';
import { EventLog } from '../events.js';
import { PresenceMap } from '../presence/presence-map.js';
import { type ChannelState, ChannelStates } from './channel-states.js';
import { History } from './history.js';
import { ReadPositions } from './read-positions.js';
import { Unseen } from './unseen.js';

/** Everything about one channel except writing to it. Runs in the order of the channel's partition. */
@Injectable()
export class ChannelCommands {
  constructor(
    private readonly states: ChannelStates,
    private readonly channels: ChannelRepository,
    private readonly presence: PresenceMap,
    private readonly history: History,
    private readonly reads: ReadPositions,
    private readonly unseen: Unseen,
    private readonly events: EventLog,
  ) {}

  /** Answers a member's command; a database that is away becomes an ERROR that invites another try. */
  async run(command: ChannelCommand, out: DeliveryBatch): Promise<void> {
    try {
      out.answer(command.origin, await this.answer(command, out));
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      out.answer(command.origin, failure(command.frame.type, UNAVAILABLE_TEXT[command.frame.type]));
    }
  }

  async membersChanged(change: MembersChanged, out: DeliveryBatch): Promise<void> {
    const channel = this.states.get(change.channelId);
    if (channel !== undefined) {
      // Asked again rather than believed: a later quit of the same user may already be committed and taken note of.
      const changed = [...change.joined, ...change.gone];
      const members = await this.channels.membersAmong(change.channelId, changed).catch(() => undefined);
      if (members === undefined) this.states.forget([change.channelId]);
      for (const userId of changed) {
        if (members?.has(userId)) channel.join(userId);
        else channel.quit(userId);
      }
    }
    for (const userId of change.gone) out.memberGone(change.channelId, userId);
    out.deliver(change.request, change.deliveries);
    // While the members are not known, nobody hears of it before the next look.
    const { notice } = change;
    if (notice !== undefined && channel !== undefined) {
      out.notify(change.request, { ...notice, userIds: [...channel.members] });
    }
  }

  read({ channelId, server, positions }: Reads, out: DeliveryBatch): void {
    const channel = this.states.get(channelId);
    for (const { userId, connection, seq: position } of positions) {
      if (channel?.members.has(userId)) {
        this.reads.advance({ channelId, userId, seq: seq(Math.min(position, channel.lastSeq)) });
      } else {
        const frame = failure('READ_MESSAGE_ACK', ERROR_TEXT.notJoined);
        out.toConnection({ server, connection, request: '', userId, frame });
      }
    }
  }

  /** What a viewer was sent but can no longer have seen goes to push instead. */
  async viewerLeft(viewer: ViewerLeft, out: DeliveryBatch): Promise<void> {
    this.leave(viewer);
    await this.unseen.push(viewer, out);
  }

  /** A server's own word is taken; whether it is silent is judged here. */
  leave({ channelId, connection, presumed }: ViewerLeft): void {
    if (presumed !== true) this.presence.leftAlready(channelId, connection, performance.now());
  }

  /** Without an answer the connection server asks again. */
  async replay({ channelId, server, after }: Replay, out: DeliveryBatch): Promise<void> {
    const channel = this.states.get(channelId);
    if (channel === undefined) return;
    const page = await unlessUnavailable(this.history.after(channel, after));
    if (page === undefined) return;
    const messages = page.map(({ message }) => message);
    this.events.replayed(server, channelId, after);
    out.replayed(server, { kind: 'REPLAYED', channelId, messages, last: channel.lastSeq });
  }

  private async answer(command: ChannelCommand, out: DeliveryBatch): Promise<ServerFrame> {
    const { origin, frame, channelId } = command;
    const { userId } = origin;
    if (frame.type === 'LEAVE_REQUEST') {
      this.presence.leave(channelId, origin.connection, performance.now());
      return { type: 'LEAVE_RESPONSE' };
    }
    const channel = this.states.get(channelId);
    if (frame.type === 'QUIT_REQUEST') return this.quit(command, channel, out);
    if (!channel?.members.has(userId)) {
      const text =
        frame.type === 'FETCH_CHANNEL_INVITECODE_REQUEST' ? ERROR_TEXT.notJoinedTheChannel : ERROR_TEXT.notJoined;
      return failure(frame.type, text);
    }
    switch (frame.type) {
      case 'ENTER_REQUEST': {
        const lastReadMessageSeqId = await this.reads.of(userId, channelId);
        this.presence.enter(channelId, channel.lastSeq, origin, performance.now());
        const { title, lastSeq: lastChannelMessageSeqId } = channel;
        return { type: 'ENTER_RESPONSE', channelId, title, lastReadMessageSeqId, lastChannelMessageSeqId };
      }
      case 'FETCH_CHANNEL_INVITECODE_REQUEST':
        return { type: 'FETCH_CHANNEL_INVITECODE_RESPONSE', channelId, inviteCode: channel.inviteCode };
      case 'FETCH_MESSAGES_REQUEST': {
        const messages = await this.history.fetch(channel, frame.startMessageSeqId, frame.endMessageSeqId);
        return { type: 'FETCH_MESSAGES_RESPONSE', channelId, messages };
      }
    }
  }

  private async quit(
    command: ChannelCommand,
    channel: ChannelState | undefined,
    out: DeliveryBatch,
  ): Promise<ServerFrame> {
    const { origin, channelId } = command;
    const outcome = await this.channels.quit(origin.request, origin.userId, channelId).catch((error: unknown) => {
      // It may be done all the same.
      if (channel !== undefined) channel.membersInDoubt = true;
      throw error;
    });
    channel?.quit(origin.userId);
    out.memberGone(channelId, origin.userId);
    if (outcome === 'not-joined') return failure('QUIT_REQUEST', ERROR_TEXT.notJoined);
    const { request, userId, username, connection } = origin;
    out.notify(request, {
      frame: { type: 'NOTIFY_MEMBER_QUIT', channelId, username },
      except: connection,
      userIds: [...(channel?.members ?? []), userId],
    });
    return { type: 'QUIT_RESPONSE', channelId };
  }
}

const failure = (messageType: string, message: string): ServerFrame => ({ type: 'ERROR', messageType, message });
