import {
  type Channel,
  type ChannelRef,
  type ChatClient,
  type Contact,
  type MemberChange,
  RequestError,
} from '@parley/client';
import { type ChannelId, sameUser } from '@parley/protocol';
import { button, field, make, onSubmit, part } from './dom.js';
import { KeyedList } from './keyed-list.js';
import type { Bulletin } from './bulletin.js';
import { headCountText } from './texts.js';

/** The lists of channels and people, and what can be done with them. */
export class Directory {
  readonly #channels = part('channels', HTMLUListElement);
  readonly #channelList = new KeyedList<Channel>({
    list: this.#channels,
    keyOf: ({ channelId }) => String(channelId),
    create: (channel) => this.#channelItem(channel),
    hint: 'No channel yet.',
  });
  readonly #invitations = new KeyedList<Contact>({
    list: part('invitations', HTMLUListElement),
    keyOf: nameOf,
    create: (contact) => this.#invitationItem(contact),
  });
  readonly #contacts = new KeyedList<Contact>({
    list: part('contacts', HTMLUListElement),
    keyOf: nameOf,
    create: ({ username }) => make('li', {}, make('span', {}, username)),
    hint: 'No contact yet.',
  });
  readonly #participants = new KeyedList<Contact>({
    list: part('participants', HTMLDivElement),
    keyOf: nameOf,
    create: participantChoice,
  });
  readonly #createForm = part('create-form', HTMLFormElement);
  readonly #joinForm = part('join-form', HTMLFormElement);
  readonly #inviteForm = part('invite-form', HTMLFormElement);
  readonly #ownCode = part('own-code', HTMLInputElement);
  /** Members of each listed channel, and where their number is shown. */
  readonly #headCounts = new Map<ChannelId, { count: number; readonly shown: HTMLSpanElement }>();
  #current: ChannelId | undefined;

  constructor(
    private readonly client: ChatClient,
    private readonly bulletin: Bulletin,
    private readonly onChoose: (channel: ChannelRef) => Promise<void>,
  ) {
    onSubmit(this.#createForm, () => bulletin.attempt(() => this.#create()));
    onSubmit(this.#joinForm, () => bulletin.attempt(() => this.#join()));
    onSubmit(this.#inviteForm, () => bulletin.attempt(() => this.#invite()));
    part('copy-code', HTMLButtonElement).onclick = () => bulletin.attempt(() => this.#copyCode());
    client.on('invited', ({ username }) => {
      bulletin.attempt(() => this.refreshPeople());
      bulletin.news(`${username} would like to meet you.`);
    });
    client.on('accepted', ({ username }) => {
      bulletin.attempt(() => this.refreshPeople());
      bulletin.news(`${username} has accepted.`);
    });
    client.on('rejected', ({ username }) => {
      bulletin.attempt(() => this.refreshPeople());
      bulletin.news(`The invitation between you and ${username} is no longer open.`);
    });
    client.on('contactEnded', ({ username }) => {
      bulletin.attempt(() => this.refreshPeople());
      bulletin.news(`You and ${username} are no longer connected.`);
    });
    client.on('memberJoined', (change) => this.#membersChanged(change, 1));
    client.on('memberQuit', (change) => this.#membersChanged(change, -1));
    client.on('joined', ({ title }) => {
      bulletin.attempt(() => this.refreshChannels());
      bulletin.news(`You are now in “${title}”.`);
    });
  }

  /** With each connection anew, so that the end of one meanwhile is nothing to tell. */
  async refresh(): Promise<void> {
    try {
      await Promise.all([this.refreshChannels(), this.refreshPeople()]);
      this.#ownCode.value = await this.client.inviteCode();
    } catch (error) {
      const isOver = error instanceof RequestError && ['disconnected', 'closed'].includes(error.failure);
      if (!isOver) throw error;
    }
  }

  async refreshChannels(): Promise<void> {
    const channels = await this.client.channels();
    this.#channelList.show(channels);
    for (const { channelId, headCount } of channels) this.#showHeadCount(channelId, () => headCount);
    this.#mark();
  }

  async refreshPeople(): Promise<void> {
    const [pending, accepted] = await Promise.all([this.client.contacts('PENDING'), this.client.contacts('ACCEPTED')]);
    this.#invitations.show(pending);
    this.#contacts.show(accepted);
    this.#participants.show(accepted);
  }

  /** The session is over: nothing of it stays for the next user. */
  end(): void {
    for (const list of [this.#channelList, this.#invitations, this.#contacts, this.#participants]) list.clear();
    for (const form of [this.#createForm, this.#joinForm, this.#inviteForm]) form.reset();
    this.#headCounts.clear();
    this.#ownCode.value = '';
    this.#current = undefined;
  }

  /** Shows which channel is open. */
  markCurrent(channelId: ChannelId | undefined): void {
    this.#current = channelId;
    this.#mark();
  }

  #mark(): void {
    for (const entry of this.#channels.querySelectorAll('button')) {
      entry.setAttribute('aria-current', String(entry.value === String(this.#current)));
    }
  }

  /** Others are only counted: if every member asked for the list again, a large channel would have much to answer. */
  #membersChanged({ channelId, username }: MemberChange, by: 1 | -1): void {
    if (sameUser(username, this.client.session?.username ?? '')) {
      return this.bulletin.attempt(() => this.refreshChannels());
    }
    this.#showHeadCount(channelId, (before) => before + by);
  }

  #showHeadCount(channelId: ChannelId, change: (before: number) => number): void {
    const listed = this.#headCounts.get(channelId);
    if (listed === undefined) return;
    listed.count = change(listed.count);
    listed.shown.textContent = headCountText(listed.count);
  }

  #channelItem(channel: Channel): HTMLLIElement {
    const shown = make('span', { className: 'hint' }, headCountText(channel.headCount));
    this.#headCounts.set(channel.channelId, { count: channel.headCount, shown });
    const open = button(channel.title, () => this.bulletin.attempt(() => this.onChoose(channel)));
    open.value = String(channel.channelId);
    return make('li', {}, open, shown);
  }

  #invitationItem({ username }: Contact): HTMLLIElement {
    const answer = (reply: (name: string) => Promise<unknown>) => () =>
      this.bulletin.attempt(async () => {
        await reply(username);
        await this.refreshPeople();
      });
    return make(
      'li',
      {},
      make('span', {}, `${username} invites you`),
      button(
        'Accept',
        answer((name) => this.client.accept(name)),
      ),
      button(
        'Reject',
        answer((name) => this.client.reject(name)),
      ),
    );
  }

  async #create(): Promise<void> {
    const form = this.#createForm;
    const names = new FormData(form).getAll('participant').filter((name) => typeof name === 'string');
    const channel = await this.client.create(field(form, 'title'), names);
    await this.#openNew(channel, form);
  }

  async #join(): Promise<void> {
    const form = this.#joinForm;
    await this.#openNew(await this.client.join(field(form, 'code')), form);
  }

  async #openNew(channel: ChannelRef, form: HTMLFormElement): Promise<void> {
    form.reset();
    form.closest('details')?.removeAttribute('open');
    await this.refreshChannels();
    await this.onChoose(channel);
  }

  async #invite(): Promise<void> {
    await this.client.invite(field(this.#inviteForm, 'code'));
    this.#inviteForm.reset();
    this.bulletin.news('Invitation sent.');
  }

  async #copyCode(): Promise<void> {
    this.#ownCode.select();
    // Pages that came neither from this machine nor over HTTPS have no clipboard.
    if (!isSecureContext) return this.bulletin.news('It is selected: copy it with the keyboard.');
    await navigator.clipboard.writeText(this.#ownCode.value);
    this.bulletin.news('Copied.');
  }
}

const nameOf = ({ username }: Contact): string => username;

function participantChoice({ username }: Contact): HTMLLabelElement {
  const choice = make('input', { type: 'checkbox', name: 'participant', value: username });
  return make('label', {}, choice, ` ${username}`);
}
