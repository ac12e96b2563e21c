import type { Duplex } from 'node:stream';
import { type ChannelId, encodeFrame, LIMITS, CLOSE, type Seq, type ServerFrame, type UserId } from '@parley/protocol';
import type { ActiveSession } from '@parley/session';
import type { RawData, WebSocket } from 'ws';
import type { SocketLimits } from '../config.js';
import { UncertainRequests } from '../frames/uncertain-requests.js';
import { EnterOrder } from './enter-order.js';
import { FrameBudget } from './frame-budget.js';
import type { FlushQueue } from './flush-queue.js';
import { SocketWriter } from './socket-writer.js';
import { textFrame } from './text-frame.js';

export type CloseReason = keyof typeof CLOSE;

export interface OpenedSocket {
  readonly id: string;
  readonly session: ActiveSession;
  /** Whether the client knows what a notice is. */
  readonly wantsNotices: boolean;
  readonly ws: WebSocket;
  /** The stream under `ws`: data frames are written to it directly, prepared once for all their receivers. */
  readonly stream: Duplex;
  readonly limits: SocketLimits;
  readonly flushes: FlushQueue;
}

/** How long a peer may take to finish the closing handshake before it is cut off. */
const CLOSING_MS = 2_000;
/** How long a socket that rests is not read, in ms. Longer, and what is offered would wait in the network instead. */
const REST_MS = 20;
/** What `ws` gives as the code of a connection that has ended without a closing handshake. */
const ABNORMAL = 1006;
/** Frames of unknown outcome that are remembered per socket. */
const UNCERTAIN_REQUESTS = 32;

/** Which channel a socket shows, as far as the answers to its commands have come. */
export class ShownChannel {
  /** The channel whose messages it gets, and the sequence from which on it needs them. */
  channelId: ChannelId | undefined;
  after: Seq | undefined;
  /** What it will show when everything it has asked for is answered. */
  heading: ChannelId | undefined;
  enterRequest: string | undefined;
  readonly enters = new EnterOrder();
  /** Its last LEAVE, and to which channel it went, until it is answered: the answer may come again. */
  leaving: { readonly request: string; readonly channelId: ChannelId | undefined } | undefined;
  /** First message that the socket was too slow to get. */
  firstMissed: Seq | undefined;
  /** Last message that was written to it; what of that was written at the last ping; and what the peer surely got. */
  written: Seq | undefined;
  pinged: Seq | undefined;
  confirmed: Seq | undefined;

  /** It shows this channel from now on, and the peer knows everything up to `last`. */
  begin(channelId: ChannelId, last: Seq): void {
    this.channelId = channelId;
    this.after = this.written = this.confirmed = last;
  }

  /** It shows no channel any more. */
  end(): void {
    this.channelId = this.after = this.firstMissed = this.written = this.pinged = this.confirmed = undefined;
  }
}

/** One open WebSocket of a logged-in user. */
export class ClientSocket {
  readonly id: string;
  readonly userId: UserId;
  readonly username: string;
  readonly session: ActiveSession;
  readonly wantsNotices: boolean;
  readonly shown = new ShownChannel();
  readonly budget: FrameBudget;
  readonly uncertain = new UncertainRequests(UNCERTAIN_REQUESTS);
  /** Messages it was sent and has not acknowledged reading: those acknowledgements cost nothing. */
  unread = 0;
  lastWarnedAt = Number.NEGATIVE_INFINITY;
  /** It ended without the peer's word: nobody knows what of the last frames has arrived. */
  isLost = false;
  /** Set by every sign of life of the peer, cleared by each ping. */
  isAlive = true;
  pingedAt = performance.now();

  private readonly ws: WebSocket;
  private readonly writer: SocketWriter;
  private readonly framesInFlight: number;
  private inFlight = 0;
  private onText: (text: string) => void = () => undefined;
  private onGone: ((reason: CloseReason | undefined) => void)[] = [];
  private isResting = false;
  private isGone = false;
  private cutOff: NodeJS.Timeout | undefined;

  constructor({ id, session, wantsNotices, ws, stream, limits, flushes }: OpenedSocket) {
    this.id = id;
    this.session = session;
    this.wantsNotices = wantsNotices;
    this.userId = session.holder.userId;
    this.username = session.holder.username;
    this.ws = ws;
    this.framesInFlight = limits.framesInFlight;
    this.budget = new FrameBudget(limits, performance.now());
    this.writer = new SocketWriter(stream, flushes, limits.sendQueueBytes, () => {
      // Not here: the caller is in the middle of writing to many sockets.
      setImmediate(() => this.close('slowConsumer'));
    });
    ws.on('message', (data, isBinary) => this.receive(data, isBinary));
    ws.on('pong', () => {
      this.isAlive = true;
      this.shown.confirmed = this.shown.pinged ?? this.shown.confirmed;
    });
    // ws itself answers broken frames with the right close code; the event only says that it has.
    ws.on('error', () => undefined);
    ws.on('close', (code) => {
      clearTimeout(this.cutOff);
      this.isLost ||= !this.isGone && code === ABNORMAL;
      this.gone(undefined);
    });
  }

  get isClosing(): boolean {
    return this.isGone;
  }

  /** Frames arrive here one at a time, in order, until the socket closes. */
  receiveWith(onText: (text: string) => void): void {
    this.onText = onText;
  }

  /** Called once, as soon as nothing can be sent to the socket any more; without a reason when the peer has left. */
  whenGone(callback: (reason: CloseReason | undefined) => void): void {
    this.onGone.push(callback);
  }

  send(frame: ServerFrame): void {
    this.writer.write(textFrame(encodeFrame(frame)));
  }

  /** Sends a frame that was prepared once for many sockets. */
  sendPrepared(frame: Uint8Array): boolean {
    return this.writer.write(frame);
  }

  /** A frame is on its way to Kafka; a socket that has too many of them is not read until some have arrived. */
  frameLeft(): void {
    this.inFlight += 1;
    if (this.inFlight === this.framesInFlight) this.ws.pause();
  }

  frameSettled(): void {
    this.inFlight -= 1;
    this.readOn();
  }

  /** Leaves what the peer sends unread for a moment: it is then read in one go, which costs a fraction. */
  rest(): void {
    if (this.isResting || this.isGone) return;
    this.isResting = true;
    this.ws.pause();
    setTimeout(() => {
      this.isResting = false;
      this.readOn();
    }, REST_MS);
  }

  ping(now: number): void {
    this.isAlive = false;
    this.pingedAt = now;
    // The answer is to say that all of this has arrived.
    this.writer.handOver();
    this.shown.pinged = this.shown.written;
    this.ws.ping();
  }

  /** Says why and closes; a peer that does not answer is cut off after two seconds. */
  close(reason: CloseReason): void {
    if (this.isGone) return;
    this.isLost = reason === 'deaf' || reason === 'slowConsumer';
    this.writer.end();
    this.ws.close(CLOSE[reason].code, CLOSE[reason].reason);
    // A paused socket would never see the other side's answer.
    if (this.ws.isPaused) this.ws.resume();
    this.cutOff = setTimeout(() => this.ws.terminate(), CLOSING_MS);
    this.gone(reason);
  }

  private readOn(): void {
    if (this.ws.isPaused && !this.isResting && this.inFlight <= this.framesInFlight / 2) this.ws.resume();
  }

  private receive(data: RawData, isBinary: boolean): void {
    if (this.isGone) return;
    this.isAlive = true;
    if (isBinary || !Buffer.isBuffer(data)) {
      this.close('binary');
      return;
    }
    const text = data.toString();
    if (text.length > LIMITS.frameCharacters) this.close('tooBig');
    else this.onText(text);
  }

  private gone(reason: CloseReason | undefined): void {
    if (this.isGone) return;
    this.isGone = true;
    for (const callback of this.onGone.splice(0)) callback(reason);
  }
}
