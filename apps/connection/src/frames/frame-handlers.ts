import { Injectable } from '@nestjs/common';
import type { UserCommandFrame } from '@parley/contracts';
import type { ClientFrame, ClientFrameOf, ClientFrameType } from '@parley/protocol';
import { SessionWatch } from '../session/session-watch.js';
import type { ClientSocket } from '../socket/client-socket.js';
import { FrameSender } from './frame-sender.js';
import { ReadReporter } from './read-reporter.js';

/** KEEP_ALIVE frames that come faster are one. */
const KEEP_ALIVE_EVERY_MS = 1_000;

/** `text` is the frame as it came: a repetition is recognised by it. */
type FrameHandler<T extends ClientFrameType> = (socket: ClientSocket, frame: ClientFrameOf<T>, text: string) => void;
/** A frame without a handler, or a handler without a frame, does not compile. */
type Handlers = { readonly [T in ClientFrameType]: FrameHandler<T> };

type ChannelFrame = ClientFrameOf<'QUIT_REQUEST'> | ClientFrameOf<'FETCH_CHANNEL_INVITECODE_REQUEST'>;

/** Which way each frame goes. */
@Injectable()
export class FrameHandlers {
  private readonly handlers: Handlers;

  constructor(
    private readonly sender: FrameSender,
    private readonly reads: ReadReporter,
    sessions: SessionWatch,
  ) {
    const toUser = (socket: ClientSocket, frame: UserCommandFrame, text: string): void => {
      sender.toUser(socket, frame, text);
    };
    const toChannel = (socket: ClientSocket, frame: ChannelFrame, text: string): void => {
      sender.toChannel(socket, frame.channelId, frame, text);
    };
    this.handlers = {
      FETCH_USER_INVITECODE_REQUEST: toUser,
      FETCH_CONNECTIONS_REQUEST: toUser,
      INVITE_REQUEST: toUser,
      ACCEPT_REQUEST: toUser,
      REJECT_REQUEST: toUser,
      DISCONNECT_REQUEST: toUser,
      FETCH_CHANNELS_REQUEST: toUser,
      CREATE_REQUEST: toUser,
      JOIN_REQUEST: toUser,
      FETCH_CHANNEL_INVITECODE_REQUEST: toChannel,
      QUIT_REQUEST: (socket, frame, text) => {
        // Positions noted while still a member must not be judged after the end of the membership.
        reads.report(socket);
        toChannel(socket, frame, text);
      },
      ENTER_REQUEST: (socket, frame, text) => this.enter(socket, frame, text),
      LEAVE_REQUEST: (socket, frame, text) => this.leave(socket, frame, text),
      WRITE_MESSAGE: (socket, frame, text) => sender.write(socket, frame, text),
      FETCH_MESSAGES_REQUEST: (socket, frame, text) => {
        reads.report(socket);
        sender.toChannel(socket, frame.channelId, frame, text);
      },
      READ_MESSAGE_ACK: (socket, frame) => this.readUpTo(socket, frame),
      KEEP_ALIVE: (socket) => sessions.renew(socket, KEEP_ALIVE_EVERY_MS),
    };
  }

  handle(socket: ClientSocket, frame: ClientFrame, text: string): void {
    dispatch(this.handlers, socket, frame, text);
  }

  private enter(socket: ClientSocket, frame: ClientFrameOf<'ENTER_REQUEST'>, text: string): void {
    // The answer tells how far the user has read.
    this.reads.report(socket);
    const { shown } = socket;
    shown.heading = frame.channelId;
    shown.enterRequest = this.sender.toChannel(socket, frame.channelId, frame, text);
    shown.enters.asked(shown.enterRequest);
  }

  private leave(socket: ClientSocket, frame: ClientFrameOf<'LEAVE_REQUEST'>, text: string): void {
    const { shown } = socket;
    const channelId = shown.heading ?? shown.channelId;
    shown.heading = undefined;
    shown.enterRequest = undefined;
    const request =
      channelId === undefined
        ? this.sender.toUser(socket, frame, text)
        : this.sender.toChannel(socket, channelId, frame, text);
    shown.leaving = { request, channelId };
  }

  private readUpTo(socket: ClientSocket, frame: ClientFrameOf<'READ_MESSAGE_ACK'>): void {
    if (socket.unread > 0) {
      // It answers something we sent: a busy channel must not make its readers look like a flood.
      socket.unread -= 1;
      socket.budget.giveBack();
    }
    this.reads.note(socket, frame.channelId, frame.messageSeqId);
  }
}

const dispatch = <T extends ClientFrameType>(
  handlers: Handlers,
  socket: ClientSocket,
  frame: ClientFrameOf<T>,
  text: string,
): void => handlers[frame.type](socket, frame, text);
