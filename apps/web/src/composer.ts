import type { ChannelRef, ChatClient } from '@parley/client';
import { type ChannelId, codePoints, LIMITS, type Serial } from '@parley/protocol';
import { button, make, onSubmit, part } from './dom.js';
import type { Bulletin } from './bulletin.js';
import { failureText, unsentText } from './texts.js';

/** What somebody has written in a channel and nobody else sees yet. */
interface Unsent {
  draft: string;
  /** On their way, or not sent. */
  readonly items: Set<HTMLLIElement>;
}

/** The line to write, and what is on its way. Each channel keeps its own while others are open, until the session ends. */
export class Composer {
  readonly #form = part('composer', HTMLFormElement);
  readonly #content = part('content', HTMLTextAreaElement);
  readonly #outgoing = part('outgoing', HTMLOListElement);
  readonly #unsent = new Map<ChannelId, Unsent>();
  #channel: ChannelRef | undefined;

  constructor(
    private readonly client: ChatClient,
    private readonly bulletin: Bulletin,
    /** Makes a change that adds to what is on the screen. */
    private readonly onScreen: (change: () => void) => void,
  ) {
    onSubmit(this.#form, () => this.#write());
    this.#content.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || isComposing(event)) return;
      event.preventDefault();
      this.#form.requestSubmit();
    });
  }

  open(channel: ChannelRef): void {
    this.close();
    const { draft, items } = this.#unsentIn(channel);
    this.#channel = channel;
    this.#content.value = draft;
    this.#outgoing.replaceChildren(...items);
    this.#form.hidden = false;
  }

  focus(): void {
    this.#content.focus();
  }

  close(): void {
    if (this.#channel !== undefined) this.#unsentIn(this.#channel).draft = this.#content.value;
    this.#channel = undefined;
    this.#content.value = '';
    this.#outgoing.replaceChildren();
    this.#form.hidden = true;
  }

  /** Leaves nothing for the next user. */
  forget(): void {
    this.close();
    this.#unsent.clear();
  }

  #unsentIn({ channelId }: ChannelRef): Unsent {
    const unsent = this.#unsent.get(channelId) ?? { draft: '', items: new Set() };
    this.#unsent.set(channelId, unsent);
    return unsent;
  }

  #write(): void {
    const content = this.#content.value.trim();
    if (content === '' || this.#channel === undefined) return;
    if (codePoints(content) > LIMITS.contentCharacters) {
      return this.bulletin.trouble(`A message has at most ${LIMITS.contentCharacters} characters.`);
    }
    this.bulletin.clear();
    this.#content.value = '';
    this.#send(this.#channel, content, this.client.newSerial());
  }

  /** On its way until the server has stored it; then it takes its place among the others by its sequence. */
  #send(channel: ChannelRef, content: string, serial: Serial): void {
    const { items } = this.#unsentIn(channel);
    const state = make('span', { className: 'state' }, 'Sending…');
    const text = make('span', { className: 'text' }, content);
    const item = make('li', { className: 'message mine' }, text, state);
    const remove = (): void => {
      items.delete(item);
      item.remove();
    };
    items.add(item);
    this.onScreen(() => this.#outgoing.append(item));
    this.client.send(channel.channelId, content, serial).then(remove, (error: unknown) => {
      // The same serial again: whatever became of the first attempt, the server keeps one copy.
      const again = button('Try again', () => {
        remove();
        this.#send(channel, content, serial);
      });
      state.replaceChildren(`Not sent: ${failureText(error)} `, again);
      const isForgotten = this.#unsent.get(channel.channelId)?.items !== items;
      if (!isForgotten && this.#channel?.channelId !== channel.channelId)
        this.bulletin.trouble(unsentText(channel.title));
    });
  }
}

/** Whether the key belongs to an input method. Safari ends the composition before it tells of the key: then only its code, 229, says so. */
function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}
