import {
  Api,
  ChatClient,
  type ChannelRef,
  Endpoints,
  fixedServer,
  isLoggedOut,
  type LinkState,
  openBrowserSocket,
  type Session,
} from '@parley/client';
import { sameUser } from '@parley/protocol';
import { Conversation } from './conversation.js';
import { Directory } from './directory.js';
import { part } from './dom.js';
import { Login } from './login.js';
import { Bulletin } from './bulletin.js';
import { displacedText, refusalText, statusText } from './texts.js';

/** The cookie is the browser's own business; the page only remembers whose it is. */
const NAME_KEY = 'parley.username';

/** The page: a login, then channels and people beside a conversation. */
export class App {
  readonly #endpoints = new Endpoints(fixedServer(location.origin));
  readonly #api = new Api(this.#endpoints);
  readonly #client = new ChatClient({ endpoints: this.#endpoints, openSocket: openBrowserSocket });
  readonly #bulletin = new Bulletin();
  readonly #login = new Login(
    this.#api,
    this.#bulletin,
    () => this.#loggingOut,
    (username) => this.#begin(username),
  );
  readonly #directory = new Directory(this.#client, this.#bulletin, (channel) => this.#open(channel));
  readonly #conversation = new Conversation(this.#client, this.#bulletin, () => this.#closed());
  readonly #chat = part('chat-screen', HTMLElement);
  readonly #account = part('account', HTMLSpanElement);
  readonly #status = part('status', HTMLParagraphElement);
  /** The session that its user is ending: its end is no news. */
  #leaving: Session | undefined;
  #loggingOut: Promise<unknown> = Promise.resolve();

  constructor() {
    part('logout', HTMLButtonElement).onclick = () => this.#bulletin.attempt(() => this.#logout());
    part('back', HTMLButtonElement).onclick = () => this.#show('directory');
    this.#client.on('state', (state) => this.#onState(state));
    this.#client.on('serverError', ({ message }) => this.#bulletin.trouble(message));
    window.addEventListener('storage', ({ key, newValue }) => {
      if (key === NAME_KEY && newValue !== null) this.#onLoginElsewhere(newValue);
    });
    // The network is back, or somebody is there and waits: a lost connection is tried now, not when its backoff is over.
    window.addEventListener('online', () => this.#client.wake());
    for (const sign of ['visibilitychange', 'keydown', 'pointerdown']) {
      document.addEventListener(sign, () => {
        if (document.visibilityState === 'visible') this.#client.wake();
      });
    }
  }

  /** Goes on with the session that the browser still has, or asks for a login. */
  start(): void {
    const username = localStorage.getItem(NAME_KEY);
    if (username === null) this.#login.show();
    else this.#begin(username);
  }

  #begin(username: string): void {
    localStorage.setItem(NAME_KEY, username);
    this.#login.hide();
    part('me', HTMLElement).textContent = username;
    this.#account.hidden = this.#chat.hidden = false;
    this.#show('directory');
    this.#client.resume({ username });
  }

  async #open(channel: ChannelRef): Promise<void> {
    await this.#conversation.open(channel);
    this.#directory.markCurrent(channel.channelId);
    this.#show('conversation');
  }

  #closed(): void {
    this.#directory.markCurrent(undefined);
    this.#show('directory');
    this.#bulletin.attempt(() => this.#directory.refreshChannels());
  }

  async #logout(): Promise<void> {
    const { session } = this.#client;
    if (session === undefined) return;
    this.#client.flushRead();
    this.#leaving = session;
    const logout = this.#api.logout(session).finally(() => (this.#leaving = undefined));
    this.#loggingOut = logout.catch(() => undefined);
    const answer = await logout;
    if (!isLoggedOut(answer)) return this.#bulletin.trouble(refusalText(answer));
    localStorage.removeItem(NAME_KEY);
    this.#client.close();
  }

  /** All tabs have one cookie: whatever this one still did would be done by the other person. */
  #onLoginElsewhere(username: string): void {
    if (this.#chat.hidden || sameUser(username, this.#client.session?.username ?? '')) return;
    this.#client.close();
    this.#bulletin.trouble(displacedText(username));
  }

  #onState(state: LinkState): void {
    this.#status.textContent = statusText(state);
    // Whatever happened while there was no connection, the lists show it.
    if (state.state === 'open') this.#bulletin.attempt(() => this.#directory.refresh());
    if (state.state !== 'ended') return;
    this.#conversation.end();
    this.#directory.end();
    this.#account.hidden = this.#chat.hidden = true;
    this.#login.show(this.#client.session?.username);
    const isNews = state.why === 'session-ended' && this.#client.session !== this.#leaving;
    if (isNews) this.#bulletin.trouble('Your session has ended, please log in again.');
  }

  /** On a narrow screen only one of the two is seen. */
  #show(what: 'directory' | 'conversation'): void {
    this.#chat.dataset['shows'] = what;
  }
}
