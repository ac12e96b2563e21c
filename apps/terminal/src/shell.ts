import {
  Api,
  ChatClient,
  type ChatMessage,
  type EnteredChannel,
  type Fallback,
  type LinkState,
  RequestError,
  type Session,
  SessionEnded,
} from '@parley/client';
import type { Seq } from '@parley/protocol';
import { COMMANDS, type CommandName, readCommand, usageOf } from './commands.js';
import type { Known } from './complete.js';
import { printable } from './printable.js';
import { COMMAND_RUNS } from './run-command.js';
import type { Screen } from './screen.js';

export interface ShellOptions {
  readonly api: Api;
  readonly client: ChatClient;
  readonly screen: Screen;
  /** True: a line is done when its message is stored. False: typing goes on while messages are under way. */
  readonly waitForSends: boolean;
}

const RETRIES: Readonly<Record<Fallback, string>> = {
  'next-server': 'Retry with the next server node.',
  'next-discovery-node': 'Retry with the next discovery node.',
};

/** The program behind every face: lines in, lines out. */
export class Shell {
  readonly api: Api;
  readonly client: ChatClient;
  readonly screen: Screen;
  session: Session | undefined;
  channel: EnteredChannel | undefined;
  /** Oldest sequence on the screen of the entered channel: /history goes on before it. */
  oldest: Seq | undefined;
  /** Something a script wants to know at the end went wrong. */
  failed = false;
  exited = false;
  /** The user wants the connection to end: its end is no news. */
  #leaving = false;
  #reconnecting = false;
  /** What has been said of where else it is tried, since there was a connection. */
  readonly #retries = new Set<Fallback>();

  constructor(private readonly options: ShellOptions) {
    this.api = options.api;
    this.client = options.client;
    this.screen = options.screen;
    this.#listen();
  }

  /** Carries out one line; returns when its result is on the screen. */
  async handle(line: string): Promise<void> {
    const text = line.trim();
    if (text === '') return;
    // Somebody waits for it: a lost connection is tried now, not when its backoff is over.
    this.client.wake();
    try {
      await (text.startsWith('/') ? this.#command(text) : this.#say(line));
    } catch (error) {
      this.#report(error);
    }
  }

  problem(text: string): void {
    this.failed = true;
    this.screen.problem(printable(text));
  }

  system(text: string): void {
    this.screen.system(printable(text));
  }

  /** Tells where it is tried next; once in an outage, however often it comes to that. */
  retrying(fallback: Fallback): void {
    if (!this.#retries.has(fallback)) this.system(RETRIES[fallback]);
    this.#retries.add(fallback);
  }

  message({ username, content, mine }: ChatMessage): void {
    this.screen.message(printable(username), printable(content), mine);
  }

  /** Connects with a fresh session; the caller has said that the login succeeded. */
  async connect(session: Session): Promise<void> {
    this.session = session;
    this.#reconnecting = false;
    try {
      await this.client.connect(session);
    } catch (error) {
      if (error instanceof Error) this.problem(error.message);
      if (!(error instanceof SessionEnded)) this.problem('Connect failed.');
      this.toLobby();
      this.session = undefined;
    }
  }

  /** Ends the connection because the user said so. */
  hangUp(): void {
    this.#leaving = true;
    this.client.close();
    this.#leaving = false;
    this.session = undefined;
    this.toLobby();
  }

  /** Runs a request that may make the server close the socket, which is then no news. */
  async expectingTheEnd<T>(request: () => Promise<T>): Promise<T> {
    this.#leaving = true;
    try {
      return await request();
    } finally {
      this.#leaving = false;
    }
  }

  toLobby(): void {
    this.channel = undefined;
    this.oldest = undefined;
  }

  /** What Tab can offer now; empty lists when the server does not answer. */
  async known(): Promise<Known> {
    const none: Known = { contacts: [], pending: [], channels: [] };
    if (!this.session) return none;
    try {
      const [contacts, pending, channels] = await Promise.all([
        this.client.contacts('ACCEPTED'),
        this.client.contacts('PENDING'),
        this.client.channels(),
      ]);
      return {
        contacts: contacts.map(({ username }) => username),
        pending: pending.map(({ username }) => username),
        channels: channels.map(({ channelId }) => String(channelId)),
      };
    } catch {
      return none;
    }
  }

  async #command(text: string): Promise<void> {
    const { typed, name, meant, args } = readCommand(text);
    if (name === undefined) {
      return this.problem(`Invalid command: ${typed}${meant === undefined ? '' : `. Did you mean /${meant}?`}`);
    }
    const refusal = this.#refusal(name, args.length);
    if (refusal !== undefined) return this.problem(refusal);
    await COMMAND_RUNS[name](this, args);
  }

  /** Why a known command cannot run here and now. */
  #refusal(name: CommandName, given: number): string | undefined {
    const { scope, session, words: count } = COMMANDS[name];
    if (session && !this.session) return `/${name} needs a login. Use ${usageOf('login')} first.`;
    if (scope === 'lobby' && this.channel) return `/${name} works in the lobby only. Use /leave first.`;
    if (scope === 'channel' && !this.channel) return `/${name} works in a channel only. Use ${usageOf('enter')} first.`;
    const [fewest, most] = count;
    return given < fewest || given > most ? `Invalid Input: usage is ${usageOf(name)}` : undefined;
  }

  async #say(content: string): Promise<void> {
    const { channel, client } = this;
    if (!channel) {
      const next = this.session ? usageOf('enter') : usageOf('login');
      return this.problem(`Nothing was sent: you are not in a channel. Use ${next} first, or /help.`);
    }
    if (this.#reconnecting) this.system('Not connected. The message is sent when the connection is back.');
    const sent = client.send(channel.channelId, content);
    if (this.options.waitForSends) await sent;
    else sent.catch((error: unknown) => this.#report(error));
  }

  #report(error: unknown): void {
    if (!(error instanceof RequestError)) return this.problem(error instanceof Error ? error.message : String(error));
    const { requestType, failure, message } = error;
    if (requestType === 'WRITE_MESSAGE' && failure !== 'refused') return this.problem('Send message failed.');
    this.problem(`Error ${requestType}: ${message}`);
  }

  #listen(): void {
    const { client } = this;
    client.on('message', (message) => this.message(message));
    client.on('entered', (entered) => {
      this.channel = entered;
      this.oldest = entered.from;
      this.system(`Enter channel ChannelId[id=${entered.channelId}]: ${entered.title}`);
    });
    client.on('removed', ({ channelId, reason }) => {
      this.toLobby();
      this.problem(`Leave channel ChannelId[id=${channelId}]: ${reason}`);
    });
    client.on('invited', ({ username }) => this.system(`Do you accept ${username}'s connection request?`));
    client.on('accepted', ({ username }) => this.system(`Connected ${username}`));
    client.on('joined', ({ channelId, title }) => this.system(`Joined channel ChannelId[id=${channelId}]: ${title}`));
    client.on('rejected', ({ username }) => this.system(`Invitation no longer open: ${username}`));
    client.on('contactEnded', ({ username }) => this.system(`Disconnected ${username}`));
    client.on('memberJoined', ({ channelId, username }) =>
      this.system(`${username} joined channel ChannelId[id=${channelId}]`),
    );
    client.on('memberQuit', ({ channelId, username }) =>
      this.system(`${username} quit channel ChannelId[id=${channelId}]`),
    );
    client.on('serverError', ({ messageType, message }) => this.problem(`Error ${messageType}: ${message}`));
    client.on('state', (state) => this.#onState(state));
  }

  #onState(state: LinkState): void {
    if (this.#leaving) return;
    switch (state.state) {
      case 'connecting':
        if (!this.#reconnecting) this.system(`Connect to url: ${state.url}`);
        return;
      case 'open':
        this.#reconnecting = false;
        this.#retries.clear();
        return this.system('WebSocket Connected.');
      case 'lost':
        return this.system(`Connection closed: ${state.reason || `code ${state.code}`}`);
      case 'waiting':
        if (!this.#reconnecting) this.system('Reconnecting.');
        this.#reconnecting = true;
        return;
      case 'ended':
        if (state.why === 'closed') return;
        this.session = undefined;
        this.toLobby();
        return this.problem(`${state.reason || 'Session ended'}. Use ${usageOf('login')} again.`);
    }
  }
}
