import { type Channel, type ChannelRef, type ChatClient, type Contact, type MemberChange } from '@parley/client';
import { type ChannelId, sameUser } from '@parley/protocol';
import { button, field, make, onSubmit, part } from './dom.js';
import type { Notices } from './notices.js';
import { headCountText } from './texts.js';

/** The lists of channels and people, and what can be done with them. */
export class Directory {
  readonly #channels = part('channels', HTMLUListElement);
  readonly #invitations = part('invitations', HTMLUListElement);
  readonly #contacts = part('contacts', HTMLUListElement);
  readonly #participants = part('participants', HTMLDivElement);
  readonly #ownCode = part('own-code', HTMLInputElement);
  /** Members of each listed channel, and where their number is shown. */
  readonly #headCounts = new Map<ChannelId, { count: number; readonly shown: HTMLSpanElement }>();
  #current: ChannelId | undefined;

  constructor(
    private readonly client: ChatClient,
    private readonly notices: Notices,
    private readonly onChoose: (channel: ChannelRef) => Promise<void>,
  ) {
    const create = part('create-form', HTMLFormElement);
    const join = part('join-form', HTMLFormElement);
    const invite = part('invite-form', HTMLFormElement);
    onSubmit(create, () => notices.attempt(() => this.#create(create)));
    onSubmit(join, () => notices.attempt(() => this.#join(join)));
    onSubmit(invite, () => notices.attempt(() => this.#invite(invite)));
    part('copy-code', HTMLButtonElement).onclick = () => notices.attempt(() => this.#copyCode());
    client.on('invited', ({ username }) => {
      notices.attempt(() => this.refreshPeople());
      notices.news(`${username} would like to meet you.`);
    });
    client.on('accepted', ({ username }) => {
      notices.attempt(() => this.refreshPeople());
      notices.news(`${username} has accepted.`);
    });
    client.on('rejected', ({ username }) => {
      notices.attempt(() => this.refreshPeople());
      notices.news(`The invitation between you and ${username} is no longer open.`);
    });
    client.on('contactEnded', ({ username }) => {
      notices.attempt(() => this.refreshPeople());
      notices.news(`You and ${username} are no longer connected.`);
    });
    client.on('memberJoined', (change) => this.#membersChanged(change, 1));
    client.on('memberQuit', (change) => this.#membersChanged(change, -1));
    client.on('joined', ({ title }) => {
      notices.attempt(() => this.refreshChannels());
      notices.news(`You are now in “${title}”.`);
    });
  }

  async refresh(): Promise<void> {
    await Promise.all([this.refreshChannels(), this.refreshPeople()]);
    this.#ownCode.value = await this.client.inviteCode();
  }

  async refreshChannels(): Promise<void> {
    const channels = await this.client.channels();
    this.#headCounts.clear();
    this.#channels.replaceChildren(...channels.map((channel) => this.#channelItem(channel)));
    if (channels.length === 0) this.#channels.append(make('li', { className: 'hint' }, 'No channel yet.'));
    this.#mark();
  }

  async refreshPeople(): Promise<void> {
    const [pending, accepted] = await Promise.all([this.client.contacts('PENDING'), this.client.contacts('ACCEPTED')]);
    this.#invitations.replaceChildren(...pending.map((contact) => this.#invitationItem(contact)));
    this.#contacts.replaceChildren(...accepted.map(({ username }) => make('li', {}, make('span', {}, username))));
    if (accepted.length === 0) this.#contacts.append(make('li', { className: 'hint' }, 'No contact yet.'));
    this.#participants.replaceChildren(...accepted.map(participantChoice));
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
      return this.notices.attempt(() => this.refreshChannels());
    }
    const listed = this.#headCounts.get(channelId);
    if (listed === undefined) return;
    listed.count += by;
    listed.shown.textContent = headCountText(listed.count);
  }

  #channelItem(channel: Channel): HTMLLIElement {
    const shown = make('span', { className: 'hint' }, headCountText(channel.headCount));
    this.#headCounts.set(channel.channelId, { count: channel.headCount, shown });
    const open = button(channel.title, () => this.notices.attempt(() => this.onChoose(channel)));
    open.value = String(channel.channelId);
    return make('li', {}, open, shown);
  }

  #invitationItem({ username }: Contact): HTMLLIElement {
    const answer = (reply: (name: string) => Promise<unknown>) => () =>
      this.notices.attempt(async () => {
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

  async #create(form: HTMLFormElement): Promise<void> {
    const names = new FormData(form).getAll('participant').filter((name) => typeof name === 'string');
    const channel = await this.client.create(field(form, 'title'), names);
    await this.#openNew(channel, form);
  }

  async #join(form: HTMLFormElement): Promise<void> {
    await this.#openNew(await this.client.join(field(form, 'code')), form);
  }

  async #openNew(channel: ChannelRef, form: HTMLFormElement): Promise<void> {
    form.reset();
    form.closest('details')?.removeAttribute('open');
    await this.refreshChannels();
    await this.onChoose(channel);
  }

  async #invite(form: HTMLFormElement): Promise<void> {
    await this.client.invite(field(form, 'code'));
    form.reset();
    this.notices.news('Invitation sent.');
  }

  async #copyCode(): Promise<void> {
    this.#ownCode.select();
    await navigator.clipboard.writeText(this.#ownCode.value);
    this.notices.news('Copied.');
  }
}

function participantChoice({ username }: Contact): HTMLLabelElement {
  const choice = make('input', { type: 'checkbox', name: 'participant', value: username });
  return make('label', {}, choice, ` ${username}`);
}
