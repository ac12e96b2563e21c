import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  type ChannelCommand,
  messageRelay,
  type MessageRelay,
  messageRequest,
  type MessageRequest,
  type Origin,
  type Topic,
  type UserCommandFrame,
  type Write,
} from '@parley/contracts';
import { ProduceTimeout } from '@parley/kafka';
import { Log } from '@parley/platform';
import { type ChannelId, type ClientFrameType, encodeFrame, UNAVAILABLE_TEXT } from '@parley/protocol';
import { Publisher } from '../produce/publisher.js';
import { ConnectionMetrics } from '../server/connection.metrics.js';
import { ServerIdentity } from '../server/server-identity.js';
import type { ClientSocket } from '../socket/client-socket.js';
import { textFrame } from '../socket/text-frame.js';
import { Backlog } from './backlog.js';
import type { RequestIdentity } from './uncertain-requests.js';
import { Unanswered } from './unanswered.js';

/** Whatever has become of a frame, its sender is told something by then: clients give up on it soon after. */
const ANSWER_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 250;

/** As most clients write it; one that is written otherwise is read first. */
const MESSAGE_BEGINS = '{"type":"WRITE_MESSAGE"';
const REFUSAL = textFrame(
  encodeFrame({ type: 'ERROR', messageType: 'WRITE_MESSAGE', message: UNAVAILABLE_TEXT.WRITE_MESSAGE }),
);

/** What a frame needs of the socket it came from. */
export type FrameSource = Pick<
  ClientSocket,
  'id' | 'userId' | 'username' | 'shown' | 'uncertain' | 'frameLeft' | 'frameSettled' | 'rest' | 'send' | 'sendPrepared'
>;

interface SentFrame {
  readonly socket: FrameSource;
  readonly type: ClientFrameType;
  readonly text: string;
  readonly identity: RequestIdentity;
  /** ms */
  readonly since: number;
}

/** Hands the frames of sockets on to the message service. One that cannot be handed on, or is not answered, gets an ERROR. */
@Injectable()
export class FrameSender {
  private readonly unanswered = new Unanswered<SentFrame>(ANSWER_WITHIN_MS);
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly publisher: Publisher,
    private readonly server: ServerIdentity,
    private readonly backlog: Backlog,
    private readonly metrics: ConnectionMetrics,
    private readonly log: Log,
  ) {}

  start(): void {
    this.timer = setInterval(() => this.look(performance.now()), LOOK_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** An answer has come. False when nobody waits for it any more: it has come before, or was given up. */
  answered(request: string, socket: Pick<FrameSource, 'uncertain'> | undefined): boolean {
    const isAwaited = this.unanswered.take(request);
    this.backlog.settled(request);
    socket?.uncertain.answered(request);
    return isAwaited;
  }

  /** Gives up on frames that nobody answers; `now` in ms. Their answers may still come, and are passed on then. */
  look(now: number): void {
    for (const sent of this.unanswered.takeOverdue(now)) this.giveUp(sent, 'unknown');
  }

  /** A command that is not about a known channel. Returns its request id. */
  toUser(socket: FrameSource, frame: UserCommandFrame, text: string): string {
    const sent = this.begin(socket, frame.type, text);
    const record: MessageRequest = { kind: 'COMMAND', origin: this.origin(sent), frame };
    return this.produce(sent, messageRequest, record);
  }

  /** A command about a channel. Returns its request id. */
  toChannel(socket: FrameSource, channelId: ChannelId, frame: ChannelCommand['frame'], text: string): string {
    const sent = this.begin(socket, frame.type, text);
    const record: MessageRelay = { kind: 'COMMAND', channelId, origin: this.origin(sent), frame };
    return this.produce(sent, messageRelay, record);
  }

  /** Refusing must cost little, or it would be the overload itself: a message is not even read for it. False: it is to be read. */
  refusedUnread(socket: FrameSource, text: string): boolean {
    if (!this.backlog.isFull || !text.startsWith(MESSAGE_BEGINS)) return false;
    this.refuse(socket);
    return true;
  }

  /** A message; refused at once while too many others wait. */
  write(socket: FrameSource, frame: Write['frame'], text: string): void {
    if (this.backlog.isFull) {
      this.refuse(socket);
      return;
    }
    const { channelId, serial } = frame;
    const fresh = { request: this.server.nextWrite(), once: serial ?? randomOnce() };
    const sent = this.begin(socket, frame.type, text, fresh);
    const { request, once } = sent.identity;
    this.backlog.left(request);
    const record: Write = { kind: 'WRITE', channelId, origin: this.origin(sent), once, frame };
    this.produce(sent, messageRelay, socket.shown.channelId === channelId ? record : { ...record, blind: true });
  }

  private refuse(socket: FrameSource): void {
    this.metrics.refusedWrites.inc();
    socket.sendPrepared(REFUSAL);
    socket.rest();
  }

  private begin(socket: FrameSource, type: ClientFrameType, text: string, fresh?: RequestIdentity): SentFrame {
    const known = socket.uncertain.identityOf(text);
    const identity = known ?? fresh ?? { request: this.server.nextRequest(), once: 0 };
    return { socket, type, text, identity, since: performance.now() };
  }

  private origin({ socket, identity }: SentFrame): Origin {
    const { userId, username, id: connection } = socket;
    return { userId, username, server: this.server.server, connection, request: identity.request };
  }

  private produce<R>(sent: SentFrame, topic: Topic<R>, record: R): string {
    const { socket, type, identity } = sent;
    socket.frameLeft();
    this.unanswered.add(identity.request, sent);
    this.log.debug({ trace: identity.request, connection: socket.id, type }, 'frame received');
    this.publisher.publish(topic, record).then(
      () => this.stored(sent),
      (error: unknown) => this.failed(sent, error),
    );
    return identity.request;
  }

  private stored({ socket, since }: SentFrame): void {
    socket.frameSettled();
    this.metrics.produceSeconds.observe((performance.now() - since) / 1_000);
  }

  private failed(sent: SentFrame, error: unknown): void {
    const { socket, type, identity } = sent;
    socket.frameSettled();
    this.metrics.produceFailures.inc();
    this.backlog.settled(identity.request);
    this.log.debug({ trace: identity.request, type, error }, 'frame could not be handed on');
    const outcome = error instanceof ProduceTimeout && error.sent === 'unknown' ? 'unknown' : 'not sent';
    if (this.unanswered.take(identity.request)) this.giveUp(sent, outcome);
  }

  private giveUp({ socket, type, text, identity }: SentFrame, outcome: 'unknown' | 'not sent'): void {
    // It may be carried out all the same, so the same frame must stay the same request.
    if (outcome === 'unknown') socket.uncertain.remember(text, identity);
    const { shown } = socket;
    shown.enters.failed(identity.request);
    if (shown.enterRequest === identity.request) shown.heading = shown.channelId;
    socket.send({ type: 'ERROR', messageType: type, message: UNAVAILABLE_TEXT[type] });
  }
}

/** Below zero, where no client's serial can be. */
const randomOnce = (): number => -1 - randomBytes(6).readUIntBE(0, 6);
