import type { ChannelRef, ChatClient, ChatMessage, EnteredChannel, MemberChange } from '@parley/client';
import type { Seq } from '@parley/protocol';
import { Composer } from './composer.js';
import { make, part } from './dom.js';
import type { Bulletin } from './bulletin.js';

const PAGE = 30;
/** Nearer to the end than this (pixels), the newest message is kept in sight. */
const AT_END = 80;

/** The messages of the channel that is open. */
export class Conversation {
  readonly #title = part('channel-title', HTMLHeadingElement);
  readonly #actions = part('channel-actions', HTMLSpanElement);
  readonly #scroll = part('scroll', HTMLDivElement);
  readonly #older = part('older', HTMLButtonElement);
  readonly #messages = part('messages', HTMLOListElement);
  readonly #empty = part('empty', HTMLParagraphElement);
  readonly #composer: Composer;
  #channel: ChannelRef | undefined;
  /** First sequence on the screen. */
  #first: Seq | undefined;

  constructor(
    private readonly client: ChatClient,
    private readonly bulletin: Bulletin,
    private readonly onClosed: () => void,
  ) {
    this.#composer = new Composer(client, bulletin, (change) => this.#keepingEnd(change));
    client.on('entered', (entered) => this.#begin(entered));
    client.on('message', (message) => this.#append(message));
    client.on('removed', () => {
      this.#close();
      onClosed();
      bulletin.trouble('You are no longer in this channel.');
    });
    client.on('memberJoined', (change) => this.#tell(change, 'joined'));
    client.on('memberQuit', (change) => this.#tell(change, 'left'));
    this.#older.onclick = () => bulletin.attempt(() => this.#showOlder());
    part('quit', HTMLButtonElement).onclick = () => bulletin.attempt(() => this.#quit());
    part('show-code', HTMLButtonElement).onclick = () => bulletin.attempt(() => this.#showCode());
  }

  async open({ channelId }: ChannelRef): Promise<void> {
    if (this.#channel?.channelId !== channelId) await this.client.enter(channelId);
    this.#composer.focus();
  }

  /** The session is over: nothing of it stays on the screen or in memory. */
  end(): void {
    this.#close();
    this.#composer.forget();
  }

  #close(): void {
    this.#channel = undefined;
    this.#first = undefined;
    this.#title.textContent = 'No channel';
    this.#messages.replaceChildren();
    this.#composer.close();
    this.#showParts(false);
  }

  /** Entering again after a lost connection goes on with the same screen. */
  #begin(entered: EnteredChannel): void {
    const isSame = this.#channel?.channelId === entered.channelId;
    if (isSame) return;
    this.#close();
    this.#channel = entered;
    this.#first = entered.from;
    this.#title.textContent = entered.title;
    this.#composer.open(entered);
    this.#showParts(true);
    this.bulletin.attempt(() => this.#showOlder());
  }

  #showParts(isOpen: boolean): void {
    this.#actions.hidden = !isOpen;
    this.#empty.hidden = isOpen;
    this.#offerOlder();
  }

  /** Also while a page of them is missing because it could not be fetched. */
  #offerOlder(): void {
    this.#older.hidden = this.#first === undefined || this.#first <= 1;
  }

  /** The page before what is on the screen. */
  async #showOlder(): Promise<void> {
    const [channel, before] = [this.#channel, this.#first];
    if (channel === undefined || before === undefined) return;
    const page = await this.client.history(channel.channelId, before, PAGE);
    // Meanwhile another channel, or the same page, may have come onto the screen.
    if (this.#channel !== channel || this.#first !== before) return;
    const fromEnd = this.#scroll.scrollHeight - this.#scroll.scrollTop;
    this.#messages.prepend(...page.map(messageItem));
    this.#first = page[0]?.seq ?? before;
    this.#offerOlder();
    this.#scroll.scrollTop = this.#scroll.scrollHeight - fromEnd;
  }

  #append(message: ChatMessage): void {
    if (message.channelId !== this.#channel?.channelId) return;
    this.#keepingEnd(() => this.#messages.append(messageItem(message)));
  }

  #tell({ channelId, username }: MemberChange, what: 'joined' | 'left'): void {
    if (channelId !== this.#channel?.channelId) return;
    this.#keepingEnd(() => this.#messages.append(make('li', { className: 'change' }, `${username} ${what}`)));
  }

  async #quit(): Promise<void> {
    const channel = this.#channel;
    if (channel === undefined || !confirm(`Quit “${channel.title}”?`)) return;
    await this.client.quit(channel.channelId);
    this.#close();
    this.onClosed();
  }

  async #showCode(): Promise<void> {
    if (this.#channel === undefined) return;
    this.bulletin.trouble(
      `Invite code of this channel: ${await this.client.channelInviteCode(this.#channel.channelId)}`,
    );
  }

  #keepingEnd(change: () => void): void {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroll;
    const isAtEnd = scrollHeight - scrollTop - clientHeight < AT_END;
    change();
    if (isAtEnd) this.#scroll.scrollTop = this.#scroll.scrollHeight;
  }
}

function messageItem({ username, content, mine }: ChatMessage): HTMLLIElement {
  return make(
    'li',
    { className: mine ? 'message mine' : 'message' },
    make('span', { className: 'author' }, username),
    make('span', { className: 'text' }, content),
  );
}
