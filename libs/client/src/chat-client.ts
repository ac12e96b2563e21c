import {
  codePoints,
  decodeServerFrame,
  encodeFrame,
  LIMITS,
  sameUser,
  type ChannelId,
  type Seq,
  type Serial,
  type ServerFrameOf,
  type StoredMessage,
} from '@parley/protocol';
import { ActiveChannel } from './active-channel.js';
import type { EnteredChannel, MemberChange } from './chat-events.js';
import { type ChatClientOptions, type ChatTimings, DEFAULT_TIMINGS } from './chat-options.js';
import { type Clock, type Random, systemClock, type Timer } from './clock.js';
import { RequestError } from './errors.js';
import type { ChatMessage } from './inbox.js';
import { Link, type LinkState } from './link.js';
import { Outbox, type Sent } from './outbox.js';
import type { OutgoingFrame } from './outgoing.js';
import { Requests } from './requests.js';
import { Serials } from './serials.js';
import { ServerCommands } from './server-commands.js';
import type { Session } from './session.js';

/**
 * One user's conversation with the servers: typed requests, messages each shown once and in order, sends that are
 * repeated until acknowledged, and a connection that mends itself. Requests throw RequestError.
 */
export class ChatClient extends ServerCommands {
  protected readonly requests: Requests;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #timings: ChatTimings;
  readonly #outbox: Outbox;
  readonly #serials: Serials;
  readonly #active: ActiveChannel;
  #session: Session | undefined;
  #link: Link | undefined;
  #keepAlive: Timer | undefined;

  constructor(private readonly options: ChatClientOptions) {
    super();
    const clock = (this.#clock = options.clock ?? systemClock);
    this.#random = options.random ?? Math.random;
    this.#timings = { ...DEFAULT_TIMINGS, ...options.timings };
    const { requestTimeoutMs, ackTimeoutMs, sendAttempts: attempts, sendGiveUpMs: giveUpMs } = this.#timings;
    const transmit = (frame: OutgoingFrame): boolean => this.raw(frame);
    this.#serials = new Serials(clock, this.#random);
    const dropIfSilent = (ms: number) => () => {
      // A server that lives has answered by now, if only with an ERROR; another one may be better off.
      if (clock.now() - (this.#link?.lastHeard ?? 0) >= ms) this.#link?.drop('No answer');
    };
    this.requests = new Requests({
      clock,
      transmit,
      timeoutMs: requestTimeoutMs,
      onUnanswered: dropIfSilent(requestTimeoutMs),
    });
    this.#outbox = new Outbox({
      clock,
      transmit,
      ackTimeoutMs,
      attempts,
      giveUpMs,
      onUnanswered: dropIfSilent(ackTimeoutMs * attempts),
      window: options.sendWindow ?? 1,
    });
    this.#active = new ActiveChannel({
      clock,
      random: this.#random,
      requests: this.requests,
      enterTimeoutMs: requestTimeoutMs,
      view: (channelId) => ({
        channelId,
        clock,
        random: this.#random,
        fetch: (from, to) => this.fetch(channelId, from, to),
        show: (message) => this.emit('message', message),
        markRead: options.autoRead === false ? undefined : (upTo) => this.markRead(channelId, upTo),
      }),
      onEntered: (event) => this.emit('entered', event),
      onRemoved: (event) => this.emit('removed', event),
      onSilence: () => this.#link?.drop('No answer'),
    });
  }

  get session(): Session | undefined {
    return this.#session;
  }

  /** The entered channel, if any. */
  get channelId(): ChannelId | undefined {
    return this.#active.channelId;
  }

  /** Messages not acknowledged yet. */
  get unsent(): number {
    return this.#outbox.size;
  }

  /** Opens the socket; throws Unreachable or SessionEnded. From then on lost sockets are replaced until `close` or the session's end. */
  connect(session: Session): Promise<void> {
    return this.#newLink(session).connect();
  }

  /** As `connect`, but a first socket that does not open is tried again like a lost one; `state` events tell how it goes. */
  resume(session: Session): void {
    this.#newLink(session).resume();
  }

  /** Ends the connection; what is under way fails. */
  close(): void {
    this.flushRead();
    this.#link?.close();
  }

  /**
   * The network or the page is back: reconnect now instead of at the next attempt. Somebody who calls this with every key
   * dials every 2 s at most, and not while the server has asked for distance.
   */
  wake(): void {
    this.#link?.wake();
  }

  /**
   * Makes a channel the one whose messages arrive. Unread messages, at most the last 10, follow as `message` events;
   * the promise resolves when they are shown.
   */
  enter(channelId: ChannelId): Promise<EnteredChannel> {
    return this.#active.enter(channelId);
  }

  leave(): Promise<void> {
    return this.#active.leave();
  }

  quit(channelId: ChannelId): Promise<void> {
    return this.#active.quit(channelId);
  }

  /** A number for one message, for ever. */
  newSerial(): Serial {
    return this.#serials.next();
  }

  /**
   * Resolves when the message is stored. Waits for a connection, repeats the identical frame, and throws RequestError
   * when the server refuses it or never acknowledges. To try again later pass the same serial: the server keeps one copy.
   */
  async send(channelId: ChannelId, content: string, serial: Serial = this.newSerial()): Promise<Sent> {
    const length = codePoints(content);
    if (length < 1 || length > LIMITS.contentCharacters) {
      const text = `content must have 1 to ${LIMITS.contentCharacters} characters, not ${length}`;
      throw new RequestError('WRITE_MESSAGE', 'refused', text);
    }
    return this.#outbox.send({ type: 'WRITE_MESSAGE', serial, channelId, content });
  }

  /** Moves the read position; needed only without `autoRead`. False when there is no connection. */
  markRead(channelId: ChannelId, upTo: Seq): boolean {
    return this.raw({ type: 'READ_MESSAGE_ACK', channelId, messageSeqId: upTo });
  }

  /** Reports what was read now instead of soon: before a logout, which ends the connection from the other side. */
  flushRead(): void {
    this.#active.flushRead();
  }

  /** Sends a frame, or any text, as it is; the answer is to be seen in `frame` events. False when there is no connection. */
  raw(frame: OutgoingFrame | string): boolean {
    return this.#link?.send(typeof frame === 'string' ? frame : encodeFrame(frame)) ?? false;
  }

  #newLink(session: Session): Link {
    this.#link?.close();
    this.#session = session;
    this.#link = new Link({
      session,
      endpoints: this.options.endpoints,
      openSocket: this.options.openSocket,
      clock: this.#clock,
      random: this.#random,
      onState: (state) => this.#onState(state),
      onText: (text) => this.#onText(text),
    });
    return this.#link;
  }

  #onState(state: LinkState): void {
    if (state.state === 'open') {
      // Enter first: messages repeated now then find their screen.
      this.requests.online();
      this.#active.resume();
      this.#outbox.online();
      this.#scheduleKeepAlive();
    } else if (state.state === 'lost' || state.state === 'ended') {
      this.#keepAlive?.cancel();
      this.#active.suspend();
      this.requests.offline();
      this.#outbox.offline();
    }
    if (state.state === 'ended') {
      this.requests.failAll(state.reason);
      this.#outbox.failAll(state.reason);
      this.#active.close();
    }
    this.emit('state', state);
  }

  #onText(text: string): void {
    const frame = decodeServerFrame(text);
    if (!frame) return this.emit('unreadable', { text });
    this.emit('frame', frame);
    switch (frame.type) {
      case 'NOTIFY_MESSAGE':
        return this.#active.deliver(this.chatMessage(frame));
      case 'WRITE_MESSAGE_ACK':
        return this.#acked(frame);
      case 'ERROR':
        return this.#failed(frame);
      case 'ASK_INVITE':
        return this.emit('invited', { username: frame.username });
      case 'NOTIFY_ACCEPT':
        return this.emit('accepted', { username: frame.username });
      case 'NOTIFY_REJECT':
        return this.emit('rejected', { username: frame.username });
      case 'NOTIFY_DISCONNECT':
        return this.emit('contactEnded', { username: frame.username });
      case 'NOTIFY_MEMBER_JOIN':
        return this.emit('memberJoined', { channelId: frame.channelId, username: frame.username });
      case 'NOTIFY_MEMBER_QUIT':
        return this.#memberQuit({ channelId: frame.channelId, username: frame.username });
      default:
        if (!this.requests.take(frame) && frame.type === 'NOTIFY_JOIN') this.emit('joined', frame);
    }
  }

  #memberQuit(change: MemberChange): void {
    this.emit('memberQuit', change);
    if (this.#isOwn(change.username)) this.#active.quitElsewhere(change.channelId);
  }

  /** An own message takes its place by its sequence, like everybody's. */
  #acked({ serial, messageSeqId }: ServerFrameOf<'WRITE_MESSAGE_ACK'>): void {
    const sent = serial === null ? undefined : this.#outbox.acked(serial, messageSeqId);
    if (!sent) return;
    const { channelId, content } = sent;
    const username = this.#session?.username ?? '';
    this.#active.deliver({ channelId, seq: messageSeqId, username, content, mine: true });
  }

  #failed(error: ServerFrameOf<'ERROR'>): void {
    const { messageType, message } = error;
    const owned = messageType === 'WRITE_MESSAGE' ? this.#outbox.refused(message) : this.requests.take(error);
    if (!owned) this.emit('serverError', { messageType, message });
  }

  #scheduleKeepAlive(): void {
    this.#keepAlive = this.#clock.after(this.#timings.keepAliveMs, () => {
      this.raw({ type: 'KEEP_ALIVE' });
      void this.#check();
      this.#scheduleKeepAlive();
    });
  }

  /** Finds messages that no frame announced, and sockets that are open on this side only. */
  async #check(): Promise<void> {
    const silent = (): boolean => this.#clock.now() - (this.#link?.lastHeard ?? 0) >= this.#timings.keepAliveMs;
    try {
      const compared = await this.#active.check();
      if (!compared && silent()) await this.inviteCode();
    } catch {
      if (silent()) this.#link?.drop('No sign of life');
    }
  }

  protected chatMessage({ channelId, messageSeqId, username, content }: StoredMessage): ChatMessage {
    return { channelId, seq: messageSeqId, username, content, mine: this.#isOwn(username) };
  }

  #isOwn(username: string): boolean {
    return sameUser(username, this.#session?.username ?? '');
  }
}
