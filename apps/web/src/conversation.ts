import type { ChannelRef, ChatClient, ChatMessage, EnteredChannel, MemberChange } from '@parley/client';
import { type ChannelId, codePoints, LIMITS, type Seq, type Serial } from '@parley/protocol';
import { button, make, onSubmit, part } from './dom.js';
import type { Notices } from './notices.js';
import { failureText } from './texts.js';

const PAGE = 30;
/** Nearer to the end than this (pixels), the newest message is kept in sight. */
const AT_END = 80;

/** The messages of the channel that is open, and the line to write them. */
export class Conversation {
  readonly #title = part('channel-title', HTMLHeadingElement);
  readonly #actions = part('channel-actions', HTMLSpanElement);
  readonly #scroll = part('scroll', HTMLDivElement);
  readonly #older = part('older', HTMLButtonElement);
  readonly #messages = part('messages', HTMLOListElement);
  readonly #outgoing = part('outgoing', HTMLOListElement);
  readonly #empty = part('empty', HTMLParagraphElement);
  readonly #composer = part('composer', HTMLFormElement);
  readonly #content = part('content', HTMLTextAreaElement);
  #channel: ChannelRef | undefined;
  /** First sequence on the screen. */
  #first: Seq | undefined;

  constructor(
    private readonly client: ChatClient,
    private readonly notices: Notices,
    private readonly onClosed: () => void,
  ) {
    client.on('entered', (entered) => this.#begin(entered));
    client.on('message', (message) => this.#append(message));
    client.on('removed', () => {
      this.close();
      onClosed();
      notices.trouble('You are no longer in this channel.');
    });
    client.on('memberJoined', (change) => this.#tell(change, 'joined'));
    client.on('memberQuit', (change) => this.#tell(change, 'left'));
    onSubmit(this.#composer, () => this.#write());
    this.#content.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || isComposing(event)) return;
      event.preventDefault();
      this.#composer.requestSubmit();
    });
    this.#older.onclick = () => notices.attempt(() => this.#showOlder());
    part('quit', HTMLButtonElement).onclick = () => notices.attempt(() => this.#quit());
    part('show-code', HTMLButtonElement).onclick = () => notices.attempt(() => this.#showCode());
  }

  async open({ channelId }: ChannelRef): Promise<void> {
    if (this.#channel?.channelId !== channelId) await this.client.enter(channelId);
    this.#content.focus();
  }

  close(): void {
    this.#channel = undefined;
    this.#first = undefined;
    this.#title.textContent = 'No channel';
    this.#messages.replaceChildren();
    this.#outgoing.replaceChildren();
    this.#showParts(false);
  }

  /** Entering again after a lost connection goes on with the same screen. */
  #begin(entered: EnteredChannel): void {
    const isSame = this.#channel?.channelId === entered.channelId;
    if (isSame) return;
    this.close();
    this.#channel = entered;
    this.#first = entered.from;
    this.#title.textContent = entered.title;
    this.#showParts(true);
    this.notices.attempt(() => this.#showOlder());
  }

  #showParts(isOpen: boolean): void {
    this.#actions.hidden = this.#composer.hidden = !isOpen;
    this.#empty.hidden = isOpen;
    this.#older.hidden = true;
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
    this.#older.hidden = this.#first <= 1;
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

  #write(): void {
    const content = this.#content.value.trim();
    if (content === '' || this.#channel === undefined) return;
    if (codePoints(content) > LIMITS.contentCharacters) {
      return this.notices.trouble(`A message has at most ${LIMITS.contentCharacters} characters.`);
    }
    this.notices.clear();
    this.#content.value = '';
    this.#send(this.#channel.channelId, content, this.client.newSerial());
  }

  /** On its way until the server has stored it; then it takes its place among the others by its sequence. */
  #send(channelId: ChannelId, content: string, serial: Serial): void {
    const state = make('span', { className: 'state' }, 'Sending…');
    const text = make('span', { className: 'text' }, content);
    const item = make('li', { className: 'message mine' }, text, state);
    this.#keepingEnd(() => this.#outgoing.append(item));
    this.client.send(channelId, content, serial).then(
      () => item.remove(),
      (error: unknown) => {
        // The same serial again: whatever became of the first attempt, the server keeps one copy.
        const again = button('Try again', () => {
          item.remove();
          this.#send(channelId, content, serial);
        });
        state.replaceChildren(`Not sent: ${failureText(error)} `, again);
      },
    );
  }

  async #quit(): Promise<void> {
    const channel = this.#channel;
    if (channel === undefined || !confirm(`Quit “${channel.title}”?`)) return;
    await this.client.quit(channel.channelId);
    this.close();
    this.onClosed();
  }

  async #showCode(): Promise<void> {
    if (this.#channel === undefined) return;
    this.notices.trouble(
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

/** Whether the key belongs to an input method. Safari ends the composition before it tells of the key: then only its code, 229, says so. */
function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}

function messageItem({ username, content, mine }: ChatMessage): HTMLLIElement {
  return make(
    'li',
    { className: mine ? 'message mine' : 'message' },
    make('span', { className: 'author' }, username),
    make('span', { className: 'text' }, content),
  );
}
