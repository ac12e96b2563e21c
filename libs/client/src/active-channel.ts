import { type ChannelId, type ServerFrameOf, seq, UNAVAILABLE_TEXT } from '@parley/protocol';
import { backoff } from './backoff.js';
import { ChannelView, type ChannelViewOptions } from './channel-view.js';
import type { ChatEvents, EnteredChannel } from './chat-events.js';
import type { Clock, Random, Timer } from './clock.js';
import { RequestError } from './errors.js';
import type { ChatMessage } from './inbox.js';
import type { Requests } from './requests.js';

export interface ActiveChannelOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly requests: Requests;
  readonly enterTimeoutMs: number;
  readonly view: (channelId: ChannelId) => ChannelViewOptions;
  readonly onEntered: (event: ChatEvents['entered']) => void;
  readonly onRemoved: (event: ChatEvents['removed']) => void;
  /** The socket is open but gives no answers. */
  readonly onSilence: () => void;
}

/** The one ERROR that says nothing about the membership. */
const TEMPORARY = UNAVAILABLE_TEXT.ENTER_REQUEST;
const ENTER_BACKOFF = { baseMs: 500, maxMs: 10_000 };

/** The one channel that a socket has entered: changing it, leaving it, and entering it again on a new socket. */
export class ActiveChannel {
  #view: ChannelView | undefined;
  /** The channel whose ENTER is under way. */
  #entering: ChannelView | undefined;
  /** A LEAVE waits or is under way: entering on a new socket would come after it, and undo it. */
  #leaving = false;
  /** The server could not let this socket in just now: it is asked again. */
  #retry: Timer | undefined;

  constructor(private readonly options: ActiveChannelOptions) {}

  get channelId(): ChannelId | undefined {
    return this.#view?.channelId;
  }

  async enter(channelId: ChannelId): Promise<EnteredChannel> {
    // Entering the channel on the screen again continues its screen, also when it is only on its way there.
    const known = [this.#view, this.#entering].find((each) => each?.channelId === channelId);
    const view = known ?? new ChannelView(this.options.view(channelId));
    this.flushRead();
    this.#entering = view;
    let entered: EnteredChannel;
    try {
      const answer = await this.#askUntilAnswered(channelId);
      if (view !== this.#view) this.close();
      this.#view = view;
      entered = this.#begin(view, answer);
    } finally {
      if (this.#entering === view) this.#entering = undefined;
      this.#resumeAfterChange();
    }
    // It is entered: a socket that is lost while the history comes is followed by one that enters again.
    await this.#shown(view, entered);
    return entered;
  }

  /** A socket that is lost while it is asked to leave shows the channel no more, and the next one does not enter it. */
  async leave(): Promise<void> {
    this.flushRead();
    this.#leaving = true;
    try {
      await this.options.requests.ask({ type: 'LEAVE_REQUEST' }).catch(unlessDisconnected);
      this.close();
    } finally {
      this.#leaving = false;
      this.#resumeAfterChange();
    }
  }

  async quit(channelId: ChannelId): Promise<void> {
    await this.options.requests.ask({ type: 'QUIT_REQUEST', channelId });
    if (this.#view?.channelId === channelId) this.close();
  }

  /** The membership ended on another device. */
  quitElsewhere(channelId: ChannelId): void {
    if (this.#view?.channelId !== channelId) return;
    this.close();
    this.options.onRemoved({ channelId, reason: 'Quit on another device.' });
  }

  /** Messages of channels that are not on the screen wait in the history until those are entered. */
  deliver(message: ChatMessage): void {
    for (const view of new Set([this.#view, this.#entering])) {
      if (view?.channelId === message.channelId) view.receive([message]);
    }
  }

  /** A new socket: enter the same channel again and go on after the last message shown. */
  resume(): void {
    this.#enterAgain(0);
  }

  suspend(): void {
    this.#retry?.cancel();
    this.#view?.suspend();
    this.#entering?.suspend();
  }

  /** Compares with the server's last sequence; throws when there is no answer. False when no channel is entered. */
  async check(): Promise<boolean> {
    await this.#view?.check();
    return this.#view !== undefined;
  }

  flushRead(): void {
    this.#view?.flushRead();
  }

  close(): void {
    this.#retry?.cancel();
    this.#view?.close();
    this.#view = undefined;
  }

  /** A refusal leaves the old channel on the screen; if the socket changed meanwhile the server has to be told. */
  #resumeAfterChange(): void {
    if (this.#view && !this.#view.online) this.resume();
  }

  #enterAgain(attempt: number): void {
    this.#retry?.cancel();
    if (this.#view && !this.#entering && !this.#leaving) void this.#resume(this.#view, attempt);
  }

  async #resume(view: ChannelView, attempt: number): Promise<void> {
    try {
      const answer = await this.options.requests.ask({ type: 'ENTER_REQUEST', channelId: view.channelId });
      if (this.#view === view) view.opened(answer.lastReadMessageSeqId, answer.lastChannelMessageSeqId);
    } catch (error) {
      if (this.#view !== view || !(error instanceof RequestError)) return;
      if (error.failure === 'timeout') this.options.onSilence();
      if (error.failure !== 'refused') return;
      if (error.message === TEMPORARY) return this.#retryLater(view, attempt);
      this.close();
      this.options.onRemoved({ channelId: view.channelId, reason: error.message });
    }
  }

  /** Only while this socket stays: the next one enters by itself. */
  #retryLater(view: ChannelView, attempt: number): void {
    const { clock, random } = this.options;
    this.#retry?.cancel();
    this.#retry = clock.after(backoff(attempt, random, ENTER_BACKOFF), () => {
      if (!view.online) this.#enterAgain(attempt + 1);
    });
  }

  #begin(view: ChannelView, answer: ServerFrameOf<'ENTER_RESPONSE'>): EnteredChannel {
    const { channelId, title, lastReadMessageSeqId: lastRead, lastChannelMessageSeqId: last } = answer;
    let entered: EnteredChannel = { channelId, title, lastRead, last, from: seq(last + 1) };
    view.opened(lastRead, last, (from) => {
      entered = { ...entered, from };
      this.options.onEntered(entered);
    });
    return entered;
  }

  /** A lost socket leaves ENTER unanswered; asking again is harmless. */
  async #askUntilAnswered(channelId: ChannelId): Promise<ServerFrameOf<'ENTER_RESPONSE'>> {
    for (;;) {
      try {
        return await this.options.requests.ask({ type: 'ENTER_REQUEST', channelId });
      } catch (error) {
        unlessDisconnected(error);
      }
    }
  }

  /** Waits for the history, but not for ever: what comes later is shown later. */
  #shown(view: ChannelView, { last }: EnteredChannel): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.options.clock.after(this.options.enterTimeoutMs, resolve);
      void view.caughtUp(last).then(() => {
        timer.cancel();
        resolve();
      });
    });
  }
}

function unlessDisconnected(error: unknown): void {
  if (!(error instanceof RequestError) || error.failure !== 'disconnected') throw error;
}
