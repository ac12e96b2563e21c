import {
  Api,
  type ChatClientOptions,
  ChatClient,
  consulDiscovery,
  Endpoints,
  type LinkState,
  type Random,
  RequestError,
  type Session,
} from '@parley/client';
import { openNodeSocket } from '@parley/client/node';
import { ERROR_TEXT, type ChannelId, seq, Serial, type ServerFrame } from '@parley/protocol';
import { eventually } from '@parley/testing';
import { setTimeout as delay } from 'node:timers/promises';
import type { History } from '../history/history.js';
import { entryOf } from './entry-of.js';
import { Line } from './line.js';
import { RestCalls } from './rest-calls.js';

const PATIENCE_MS = 60_000;
const AGAIN_MS = 500;
/** After this time a server that lives has answered every frame, if only with an ERROR. */
const SERVER_GIVES_UP_MS = 11_000;
/** A device takes no more messages than this while it waits for acknowledgements. */
const MAX_UNSENT = 20;

/** More impatient than a client on a telephone, so that times measured are the system's and not the client's. */
const TIMINGS: NonNullable<ChatClientOptions['timings']> = { ackTimeoutMs: 2000, sendAttempts: 6, keepAliveMs: 5000 };

let operations = 0;

/** One device of one user: the SDK behind a stretch of network that can be cut, everything noted in the history. */
export class Device implements AsyncDisposable {
  readonly client: ChatClient;
  readonly api: Api;
  readonly rest: RestCalls;
  private readonly unsettled = new Set<number>();
  private readonly askedAt = new Map<string, number>();
  private busy: Promise<void> = Promise.resolve();
  private lastWriteError = 0;
  private openSince: number | undefined;
  private home: ChannelId | undefined;
  /** The next loss of the connection is the network's doing. */
  private isCut = false;
  private over = false;

  constructor(
    readonly name: string,
    readonly user: string,
    private readonly history: History,
    consul: readonly string[],
    random: Random,
    private readonly line = new Line(),
    timings: ChatClientOptions['timings'] = TIMINGS,
  ) {
    const discover = consulDiscovery({ urls: consul, random });
    this.api = new Api(new Endpoints(discover));
    this.rest = new RestCalls(this.api, history, this.by);
    this.client = new ChatClient({
      endpoints: new Endpoints(async () => Promise.all((await discover()).map((url) => line.through(url)))),
      openSocket: (url, session, handlers) => {
        const socket = openNodeSocket(url, session, handlers);
        return { ...socket, send: (text) => (this.noteSent(text), socket.send(text)) };
      },
      random,
      timings,
    });
    this.observe();
  }

  /** Messages that have neither been acknowledged nor refused. */
  get waiting(): number {
    return this.unsettled.size;
  }

  /** The last sequence on the screen of the channel that is open. */
  shown: { channel: number; seq: number } | undefined;

  /** The first one on it. */
  private from: { channel: number; seq: number } | undefined;

  /** Connects with a session of its own, or with one that the user has. */
  async logIn(session?: Session): Promise<void> {
    await this.client.connect(session ?? (await this.rest.newSession()));
  }

  /** Makes this the channel the device returns to, and enters it. */
  async enter(channel: ChannelId): Promise<void> {
    this.home = channel;
    await this.client.enter(channel);
  }

  /** Sends until the message is stored or refused; the same serial again is the same message again. */
  write(channel: ChannelId, serial: number, content: string): void {
    if (this.unsettled.size >= MAX_UNSENT) return;
    this.unsettled.add(serial);
    void this.send(channel, serial, content);
  }

  /** One after the other, and none while the device is still at another. A failure is noted and is the user's to repeat. */
  do(what: string, work: () => Promise<unknown>): void {
    this.busy = this.busy.then(work).then(
      () => undefined,
      (error: unknown) => this.noteFailure(what, error),
    );
  }

  /** Repeats until the server has said clearly whether the user is a member. */
  async become(change: 'join' | 'quit', channel: ChannelId, inviteCode: string): Promise<void> {
    for (let certain = false; !certain && !this.over;) {
      const op = (operations += 1);
      this.history.add({ kind: 'asks', ...this.by, op, channel, change });
      const member = await this.attempt(change, channel, inviteCode);
      this.history.add({ kind: 'told', ...this.by, op, member });
      certain = member !== 'unknown';
      if (!certain) await delay(AGAIN_MS);
    }
  }

  /** Cuts the connection without a word. */
  async cut(): Promise<void> {
    this.isCut = true;
    await this.line.cut();
  }

  /** Waits until nothing is under way any more. */
  async settled(): Promise<void> {
    await this.busy;
    await eventually(() => {
      if (this.unsettled.size > 0) throw new Error(`${this.name} waits for ${this.unsettled.size} acknowledgements`);
    }, PATIENCE_MS);
  }

  /**
   * Enters a channel, unless it is on the screen already, and scrolls back to its beginning. Who is refused is for the
   * checker to judge.
   */
  async readAll(channel: ChannelId): Promise<void> {
    await eventually(async () => {
      try {
        if (this.from?.channel !== channel) await this.client.enter(channel);
        const before = this.from?.seq ?? 1;
        const page = await this.client.history(channel, seq(before), before - 1);
        const messages = page.map(({ seq: at, username: author, content }) => ({ seq: at, author, content }));
        this.history.add({ kind: 'scrolled', ...this.by, channel, messages });
      } catch (error) {
        if (!(error instanceof RequestError) || error.message !== ERROR_TEXT.notJoined) throw error;
      }
    }, PATIENCE_MS);
  }

  /**
   * An answer that does not come while the connection is lost is no surprise; while it is open, it is silence. What was
   * never sent, because the answer before it took so long, needs none.
   */
  noteFailure(about: string, error: unknown): void {
    const isUnanswered = error instanceof RequestError && error.failure === 'timeout';
    const isOpen = this.openSince !== undefined && this.history.now() - this.openSince > SERVER_GIVES_UP_MS;
    if (isUnanswered && isOpen) this.history.add({ kind: 'silence', ...this.by, about });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.over = true;
    this.client.close();
    await this.line[Symbol.asyncDispose]();
  }

  private get by() {
    return { device: this.name, user: this.user };
  }

  private async send(channel: ChannelId, serial: number, content: string): Promise<void> {
    while (!this.over) {
      const sentAt = this.history.now();
      this.history.add({ kind: 'write', ...this.by, channel, serial, content });
      try {
        await this.client.send(channel, content, Serial.parse(serial));
        break;
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
        const { failure, message } = error;
        this.history.add({ kind: 'failed', ...this.by, serial, why: failure, text: message });
        // The SDK goes on after an ERROR that invites another try; who was told so has had an answer.
        if (this.lastWriteError < sentAt) this.noteFailure('WRITE_MESSAGE', error);
        if (failure === 'refused') break;
      }
      await delay(AGAIN_MS);
    }
    this.unsettled.delete(serial);
  }

  private async attempt(change: 'join' | 'quit', channel: ChannelId, code: string): Promise<'in' | 'out' | 'unknown'> {
    try {
      if (change === 'join') await this.client.join(code);
      else await this.client.quit(channel);
      if (change === 'quit' && this.shown?.channel === channel) this.blank();
      return change === 'join' ? 'in' : 'out';
    } catch (error) {
      this.noteFailure(change, error);
      if (error instanceof RequestError && error.message === ERROR_TEXT.alreadyJoined) return 'in';
      if (error instanceof RequestError && error.message === ERROR_TEXT.notJoined) return 'out';
      return 'unknown';
    }
  }

  private observe(): void {
    const { client, history } = this;
    client.on('frame', (frame) => this.noteFrame(frame));
    client.on('entered', ({ channelId: channel, from }) => {
      if (this.from?.channel !== channel) this.from = { channel, seq: from };
      this.shown = { channel, seq: from - 1 };
      history.add({ kind: 'screen', ...this.by, channel, from });
    });
    client.on('message', ({ channelId: channel, seq: at, username: author, content }) => {
      this.shown = { channel, seq: at };
      history.add({ kind: 'shown', ...this.by, channel, seq: at, author, content });
    });
    client.on('removed', ({ channelId: channel, reason }) => {
      history.add({ kind: 'removed', ...this.by, channel, reason });
      this.blank();
    });
    client.on('state', (state) => {
      history.add({ kind: 'link', ...this.by, state: this.linkState(state) });
      if (state.state === 'lost' || state.state === 'open') this.isCut = false;
      if (state.state === 'open') this.openSince = history.now();
      else if (state.state !== 'connecting') this.openSince = undefined;
      if (state.state !== 'ended') return;
      this.blank();
      if (state.why === 'session-ended') void this.comeBack();
    });
  }

  /** The session is gone: log in again and return to where the user was. */
  private async comeBack(): Promise<void> {
    while (!this.over) {
      try {
        await this.logIn();
        if (this.home !== undefined) await this.client.enter(this.home);
        return;
      } catch (error) {
        this.noteFailure('login', error);
        if (error instanceof RequestError && error.failure === 'refused') return;
      }
    }
  }

  private linkState(state: LinkState): string {
    if (state.state === 'lost') return this.isCut ? 'cut' : `lost connection: ${state.code} ${state.reason}`.trim();
    return state.state === 'ended' && state.why === 'session-ended' ? `logged out: ${state.reason}` : state.state;
  }

  private blank(): void {
    this.shown = this.from = undefined;
    this.history.add({ kind: 'blank', ...this.by });
  }

  private noteSent(text: string): void {
    const frame: unknown = JSON.parse(text);
    if (typeof frame !== 'object' || frame === null || !('type' in frame) || !('channelId' in frame)) return;
    this.askedAt.set(`${String(frame.type)} ${String(frame.channelId)}`, this.history.now());
  }

  private noteFrame(frame: ServerFrame): void {
    const entry = entryOf(frame, this.by, (type, channel) => this.askedAt.get(`${type} ${channel}`) ?? 0);
    if (entry !== undefined) this.history.add(entry);
    if (entry?.kind === 'error' && entry.about === 'WRITE_MESSAGE') this.lastWriteError = this.history.now();
  }
}
