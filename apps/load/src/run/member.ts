import { encodeFrame, ERROR_TEXT, LIMITS, type ServerFrame } from '@parley/protocol';
import { OrderCheck } from '../check/order-check.js';
import type { Recorder } from '../measure/recorder.js';
import { type Address, ChatSocket, type Outgoing } from '../wire/chat-socket.js';
import { textFrame, type ReadAckFrames, type WriteFrames } from '../wire/client-frames.js';
import { type ByteReader, type FrameReader } from '../wire/server-frames.js';

/** What the members of one channel share. */
export interface LoadedChannel {
  readonly id: number;
  readonly writes: WriteFrames;
  readonly readAcks: ReadAckFrames;
}

/** What all members of one process share. */
export interface Surroundings {
  readonly recorder: Recorder;
  readonly outgoing: Outgoing;
  readonly reader: ByteReader;
  readonly sendsReadAcks: boolean;
  /** Called when an open socket ends that nobody has closed. */
  readonly onLost: (member: Member) => void;
  /** Called when a message of this member is answered: the next one may go, or this one again. */
  readonly onAnswer: (member: Member, answer: 'acknowledged' | 'refused') => void;
}

const RETRY_MS = 500;
const ENTER_TIMEOUT_MS = 30_000;
const KEEP_ALIVE = textFrame(encodeFrame({ type: 'KEEP_ALIVE' }));

/** One user with one socket, who shows one channel and perhaps writes to it. */
export class Member implements FrameReader {
  /** Of the channel that is shown; absent until it is entered. */
  check: OrderCheck | undefined;
  /** Serials of messages that were sent and not acknowledged. */
  readonly outstanding = new Set<number>();
  /** Own messages that were answered with ERROR and not acknowledged since. */
  refused = 0;
  private readonly repeated = new Set<number>();
  private socket: ChatSocket | undefined;
  private lastStamp = 0;
  private fetchedUpTo = Infinity;
  private entered: ((error?: Error) => void) | undefined;

  constructor(
    readonly cookie: string,
    readonly channel: LoadedChannel | undefined,
    readonly writes: boolean,
    private readonly around: Surroundings,
  ) {}

  get isOpen(): boolean {
    return this.socket !== undefined;
  }

  async connect(to: Address, from?: string): Promise<void> {
    const { recorder, outgoing, reader } = this.around;
    const socket = await ChatSocket.open({
      to,
      from,
      cookie: this.cookie,
      outgoing,
      traffic: recorder.traffic,
      events: {
        text: (bytes, start, end) => reader.read(bytes, start, end, this),
        ended: (ended, code) => this.lost(ended, code),
      },
    });
    // It may have ended before anybody could be told of it.
    if (socket.isEnded) throw new Error('closed as soon as it was open');
    this.socket = socket;
  }

  /** Shows the channel; resolves when everything up to its last message is seen, which is at once the first time. */
  enter(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timeout = setTimeout(() => this.entered?.(new Error('no answer to ENTER_REQUEST')), ENTER_TIMEOUT_MS);
      this.entered = (error) => {
        this.entered = undefined;
        clearTimeout(timeout);
        if (error === undefined) resolve();
        else reject(error);
      };
      this.request({ type: 'ENTER_REQUEST', channelId: this.channel?.id });
    });
  }

  /** Sends a message that was due at `dueUs`. */
  write(dueUs: number): void {
    const stamp = Math.max(dueUs, this.lastStamp + 1);
    this.lastStamp = stamp;
    this.outstanding.add(stamp);
    this.around.recorder.sent += 1;
    if (this.channel) this.socket?.send(this.channel.writes.at(stamp));
  }

  /** Sends everything again that is not acknowledged, as after a lost connection. */
  repeat(): void {
    for (const stamp of this.outstanding) this.repeatOne(stamp);
  }

  keepAlive(): void {
    this.socket?.send(KEEP_ALIVE);
  }

  cut(): void {
    this.socket?.cut();
  }

  close(): void {
    const { socket } = this;
    this.socket = undefined;
    socket?.close();
  }

  notified(seq: number, stamp: number): void {
    this.around.recorder.delivered(stamp);
    this.check?.notified(seq);
    if (this.around.sendsReadAcks && this.channel) this.socket?.send(this.channel.readAcks.at(seq));
  }

  acknowledged(serial: number, seq: number): void {
    const { recorder } = this.around;
    if (!this.outstanding.delete(serial)) {
      if (!this.repeated.has(serial)) recorder.unexpectedAcks += 1;
      return;
    }
    // A message that was sent again may have been fetched in the meantime.
    if (this.repeated.has(serial)) {
      this.check?.fetched(seq);
    } else {
      this.check?.acknowledged(seq);
    }
    // Which message an ERROR was about is not known; there are no more of them than are not acknowledged.
    this.refused = Math.min(this.refused, this.outstanding.size);
    recorder.acknowledged(serial);
    this.around.onAnswer(this, 'acknowledged');
  }

  other(frame: ServerFrame): void {
    if (frame.type === 'ENTER_RESPONSE') this.show(frame.lastChannelMessageSeqId);
    else if (frame.type === 'FETCH_MESSAGES_RESPONSE') this.fetched(frame.messages.map((each) => each.messageSeqId));
    else if (frame.type === 'ERROR') this.failed(frame.messageType, frame.message);
  }

  private show(last: number): void {
    if (this.check === undefined) {
      this.check = new OrderCheck(last);
      this.entered?.();
      return;
    }
    this.fetchedUpTo = last;
    this.fetchMore();
  }

  private fetchMore(): void {
    const whole = this.check?.wholeUpTo ?? 0;
    if (whole >= this.fetchedUpTo) {
      this.entered?.();
      return;
    }
    this.request({
      type: 'FETCH_MESSAGES_REQUEST',
      channelId: this.channel?.id,
      startMessageSeqId: whole + 1,
      endMessageSeqId: Math.min(this.fetchedUpTo, whole + LIMITS.fetchMessages),
    });
  }

  private fetched(seqs: readonly number[]): void {
    for (const seq of seqs) this.check?.fetched(seq);
    if (seqs.length === 0) this.entered?.(new Error('stored messages are missing'));
    else this.fetchMore();
  }

  private failed(messageType: string, message: string): void {
    this.around.recorder.error(`${messageType}: ${message}`);
    if (messageType === 'ENTER_REQUEST') this.entered?.(new Error(message));
    if (messageType !== 'WRITE_MESSAGE' && message !== ERROR_TEXT.tooManyFrames) return;
    this.refused = Math.min(this.refused + 1, this.outstanding.size);
    this.around.recorder.refused += 1;
    this.around.onAnswer(this, 'refused');
  }

  /** In a closed loop a refused message is sent again, as a client does; the oldest is the most likely one. */
  repeatOldestLater(): void {
    setTimeout(() => {
      const [oldest] = this.outstanding;
      if (oldest !== undefined) this.repeatOne(oldest);
      this.around.outgoing.flush();
    }, RETRY_MS);
  }

  private repeatOne(stamp: number): void {
    this.repeated.add(stamp);
    this.around.recorder.retries += 1;
    if (this.channel) this.socket?.send(this.channel.writes.at(stamp));
  }

  private lost(socket: ChatSocket, code: number): void {
    if (this.socket !== socket) return;
    this.socket = undefined;
    this.entered?.(new Error(`closed with ${code}`));
    this.around.recorder.lostSocket(code);
    this.around.onLost(this);
  }

  private request(frame: { readonly type: string; readonly [field: string]: unknown }): void {
    this.socket?.send(textFrame(encodeFrame(frame)));
    this.around.outgoing.flush();
  }
}
