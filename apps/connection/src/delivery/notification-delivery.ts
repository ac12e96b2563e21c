import { Inject, Injectable } from '@nestjs/common';
import type { NotificationEntry } from '@parley/contracts';
import { Log } from '@parley/platform';
import { encodeFrame, type ServerFrame } from '@parley/protocol';
import { FrameSender } from '../frames/frame-sender.js';
import { ConnectionMetrics } from '../server/connection.metrics.js';
import type { ClientSocket } from '../socket/client-socket.js';
import { OpenSockets } from '../socket/open-sockets.js';
import { textFrame } from '../socket/text-frame.js';
import { ChannelViews } from './channel-views.js';
import { LateAnswers } from './late-answers.js';
import { ToldNotices } from './told-notices.js';
import { Undelivered } from './undelivered.js';

type EntryOf<K extends NotificationEntry['kind']> = Extract<NotificationEntry, { kind: K }>;

/** Brings what the message service says to the sockets it is for, entry by entry, in order. */
@Injectable()
export class NotificationDelivery {
  constructor(
    private readonly sockets: OpenSockets,
    private readonly views: ChannelViews,
    private readonly late: LateAnswers,
    private readonly undelivered: Undelivered,
    private readonly notices: ToldNotices,
    @Inject(FrameSender) private readonly sender: Pick<FrameSender, 'answered'>,
    private readonly metrics: ConnectionMetrics,
    private readonly log: Log,
  ) {}

  /** Returns how many frames that gave to sockets. */
  deliver(entry: NotificationEntry): number {
    const frames = this.bring(entry);
    if (frames > 0) this.metrics.framesOut.inc(frames);
    return frames;
  }

  private bring(entry: NotificationEntry): number {
    switch (entry.kind) {
      case 'TO_CHANNEL':
        return this.toChannel(entry);
      case 'TO_CONNECTION':
        return this.toConnection(entry);
      case 'TO_USER':
        return this.toUser(entry);
      case 'REPLAYED':
        return this.views.replayed(entry.channelId, entry.messages, entry.last);
      case 'MEMBER_GONE':
        this.memberGone(entry);
        return 0;
      case 'NOTICE':
        return this.notice(entry);
    }
  }

  private toChannel({ message, request, except }: EntryOf<'TO_CHANNEL'>): number {
    const sockets = this.views.arrived(message, except);
    const { channelId, messageSeqId } = message;
    this.log.debug({ trace: request, channelId, seq: messageSeqId, sockets }, 'message for a channel');
    return sockets;
  }

  private toConnection(entry: EntryOf<'TO_CONNECTION'>): 0 | 1 {
    const { connection, request, frame } = entry;
    const socket = this.sockets.get(connection);
    const isAwaited = this.sender.answered(request, socket);
    this.log.debug({ trace: request, connection, type: frame.type, isOpen: socket !== undefined }, 'answer');
    if (socket !== undefined) {
      // What was looked up may not be true any more, nor for this user to see: a message service that stood still tells it.
      if (!isAwaited && frame.type.startsWith('FETCH_')) return 0;
      const isRepeated = frame.type === 'ENTER_RESPONSE' && socket.shown.enters.isAnswered(request);
      if (!isRepeated) socket.send(frame);
      this.takeNote(socket, request, frame);
      return isRepeated ? 0 : 1;
    }
    if (frame.type === 'ENTER_RESPONSE') {
      this.late.entered(connection, frame.channelId, frame.lastChannelMessageSeqId);
    } else {
      this.undelivered.push(entry);
    }
    return 0;
  }

  private toUser(entry: EntryOf<'TO_USER'>): number {
    const { userId, request, frame } = entry;
    const sockets = this.sockets.ofUser(userId);
    this.log.debug({ trace: request, userId, type: frame.type, sockets: sockets.size }, 'news for a user');
    if (sockets.size === 0) {
      this.undelivered.push(entry);
      return 0;
    }
    const prepared = textFrame(encodeFrame(frame));
    for (const socket of sockets) socket.sendPrepared(prepared);
    return sockets.size;
  }

  private notice({ userIds, request, frame, except }: EntryOf<'NOTICE'>): number {
    const text = encodeFrame(frame);
    if (!this.notices.isNew(request, text)) return 0;
    const prepared = textFrame(text);
    let sockets = 0;
    for (const socket of userIds.flatMap((userId) => [...this.sockets.ofUser(userId)])) {
      if (!socket.wantsNotices || socket.id === except) continue;
      socket.sendPrepared(prepared);
      sockets += 1;
    }
    this.log.debug({ trace: request, type: frame.type, sockets }, 'notice');
    return sockets;
  }

  private memberGone({ channelId, userId }: EntryOf<'MEMBER_GONE'>): void {
    for (const socket of this.sockets.ofUser(userId)) {
      if (socket.shown.channelId !== channelId) continue;
      this.views.leave(socket, 'knows');
      if (socket.shown.heading === channelId) socket.shown.heading = undefined;
    }
  }

  /** Answers that change which channel the socket shows. */
  private takeNote(socket: ClientSocket, request: string, frame: ServerFrame): void {
    const { shown } = socket;
    switch (frame.type) {
      case 'ENTER_RESPONSE':
        if (!shown.enters.answered(request)) {
          this.views.passedBy(socket, frame.channelId, frame.lastChannelMessageSeqId);
          break;
        }
        this.views.enter(socket, frame.channelId, frame.lastChannelMessageSeqId);
        if (shown.enterRequest === request) shown.heading = frame.channelId;
        break;
      case 'LEAVE_RESPONSE':
        if (shown.leaving !== undefined && shown.leaving.channelId === shown.channelId)
          this.views.leave(socket, 'knows');
        // It went to a channel that then could not be entered, so the owner of the shown one has not heard of it.
        else if (shown.enterRequest === undefined) this.views.leave(socket, 'tell the owner');
        if (shown.leaving?.request === request) shown.leaving = undefined;
        break;
      case 'QUIT_RESPONSE':
        if (shown.channelId === frame.channelId) this.views.leave(socket, 'knows');
        if (shown.heading === frame.channelId) shown.heading = undefined;
        break;
      case 'ERROR':
        shown.enters.failed(request);
        if (shown.enterRequest === request) shown.heading = shown.channelId;
        break;
      case 'FETCH_MESSAGES_RESPONSE':
        socket.unread += frame.messages.length;
        break;
      default:
    }
  }
}
