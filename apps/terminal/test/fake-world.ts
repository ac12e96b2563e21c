import {
  type ChannelId,
  type ClientFrame,
  type ContactStatus,
  ERROR_TEXT,
  type ServerFrame,
  type StoredMessage,
  alreadyInvitedTo,
  channelId,
  seq,
} from '@parley/protocol';

interface Person {
  readonly password: string;
  readonly inviteCode: string;
}

interface Contact {
  readonly inviter: string;
  readonly invitee: string;
  status: ContactStatus;
}

interface Channel {
  readonly id: ChannelId;
  readonly title: string;
  readonly inviteCode: string;
  readonly members: Map<string, number>;
  readonly messages: StoredMessage[];
  readonly serials: Map<string, number>;
}

export interface Outcome {
  readonly answer?: ServerFrame;
  readonly notes: readonly { readonly to: readonly string[]; readonly frame: ServerFrame }[];
}

const code = (): string => crypto.randomUUID().replaceAll('-', '');

/** The rules of the chat in their simplest form: enough to drive a client. */
export class FakeWorld {
  readonly #people = new Map<string, Person>();
  readonly #contacts: Contact[] = [];
  readonly channels: Channel[] = [];

  register(name: string, password: string): boolean {
    if (this.#people.has(name)) return false;
    this.#people.set(name, { password, inviteCode: code() });
    return true;
  }

  unregister(name: string): void {
    this.#people.delete(name);
  }

  knows(name: string, password: string): boolean {
    return this.#people.get(name)?.password === password;
  }

  /** A channel that exists before the test begins. */
  addChannel(title: string, members: readonly string[]): Channel {
    const channel: Channel = {
      id: channelId(this.channels.length + 1),
      title,
      inviteCode: code(),
      members: new Map(members.map((name) => [name, 0])),
      messages: [],
      serials: new Map(),
    };
    this.channels.push(channel);
    return channel;
  }

  write(channel: Channel, username: string, content: string): StoredMessage {
    const messageSeqId = seq(channel.messages.length + 1);
    const message = { channelId: channel.id, messageSeqId, username, content };
    channel.messages.push(message);
    return message;
  }

  handle(me: string, frame: ClientFrame): Outcome {
    const fail = (message: string): Outcome => ({
      answer: { type: 'ERROR', messageType: frame.type, message },
      notes: [],
    });
    const say = (answer: ServerFrame, to: readonly string[] = [], note?: ServerFrame): Outcome => ({
      answer,
      notes: note ? [{ to, frame: note }] : [],
    });
    const channel = 'channelId' in frame ? this.channels.find(({ id }) => id === frame.channelId) : undefined;
    const joined = channel?.members.has(me) ? channel : undefined;
    switch (frame.type) {
      case 'FETCH_USER_INVITECODE_REQUEST':
        return say({ type: 'FETCH_USER_INVITECODE_RESPONSE', inviteCode: this.#people.get(me)?.inviteCode ?? '' });
      case 'FETCH_CONNECTIONS_REQUEST': {
        const connections = this.#contacts
          .filter(
            ({ status, inviter, invitee }) =>
              status === frame.status && (invitee === me || (inviter === me && status === 'ACCEPTED')),
          )
          .map(({ inviter, invitee, status }) => ({ username: inviter === me ? invitee : inviter, status }));
        return say({ type: 'FETCH_CONNECTIONS_RESPONSE', connections });
      }
      case 'INVITE_REQUEST': {
        const [partner] = [...this.#people].find(([, { inviteCode }]) => inviteCode === frame.userInviteCode) ?? [];
        if (partner === undefined) return fail(ERROR_TEXT.invalidInviteCode);
        if (partner === me) return fail(ERROR_TEXT.selfInvite);
        if (this.#between(me, partner)) return fail(alreadyInvitedTo(partner));
        this.#contacts.push({ inviter: me, invitee: partner, status: 'PENDING' });
        const answer = { type: 'INVITE_RESPONSE', inviteCode: frame.userInviteCode, status: 'PENDING' } as const;
        return say(answer, [partner], { type: 'ASK_INVITE', username: me });
      }
      case 'ACCEPT_REQUEST': {
        const contact = this.#between(me, frame.username);
        if (contact?.status !== 'PENDING') return fail(ERROR_TEXT.invalidUsername);
        contact.status = 'ACCEPTED';
        const answer = { type: 'ACCEPT_RESPONSE', username: frame.username } as const;
        return say(answer, [frame.username], { type: 'NOTIFY_ACCEPT', username: me });
      }
      case 'REJECT_REQUEST':
      case 'DISCONNECT_REQUEST': {
        const contact = this.#between(me, frame.username);
        const reject = frame.type === 'REJECT_REQUEST';
        if (!contact) return fail(reject ? ERROR_TEXT.rejectFailed : ERROR_TEXT.disconnectFailed);
        const status = (contact.status = reject ? 'REJECTED' : 'DISCONNECTED');
        const answer = {
          type: reject ? 'REJECT_RESPONSE' : 'DISCONNECT_RESPONSE',
          username: frame.username,
          status,
        } as const;
        return say(answer, [frame.username], { type: reject ? 'NOTIFY_REJECT' : 'NOTIFY_DISCONNECT', username: me });
      }
      case 'FETCH_CHANNELS_REQUEST': {
        const mine = this.channels.filter(({ members }) => members.has(me));
        const channels = mine.map(({ id, title, members }) => ({ channelId: id, title, headCount: members.size }));
        return say({ type: 'FETCH_CHANNELS_RESPONSE', channels });
      }
      case 'CREATE_REQUEST': {
        const { title, participantUsernames: names } = frame;
        if (!names.every((name) => this.#between(me, name)?.status === 'ACCEPTED'))
          return fail(ERROR_TEXT.unconnectedUsers);
        const { id } = this.addChannel(title, [me, ...names]);
        return say({ type: 'CREATE_RESPONSE', channelId: id, title }, names, {
          type: 'NOTIFY_JOIN',
          channelId: id,
          title,
        });
      }
      case 'JOIN_REQUEST': {
        const target = this.channels.find(({ inviteCode }) => inviteCode === frame.inviteCode);
        if (!target) return fail(ERROR_TEXT.notFound);
        if (target.members.has(me)) return fail(ERROR_TEXT.alreadyJoined);
        target.members.set(me, 0);
        return say({ type: 'NOTIFY_JOIN', channelId: target.id, title: target.title }, [...target.members.keys()], {
          type: 'NOTIFY_MEMBER_JOIN',
          channelId: target.id,
          username: me,
        });
      }
      case 'LEAVE_REQUEST':
        return say({ type: 'LEAVE_RESPONSE' });
      case 'KEEP_ALIVE':
        return { notes: [] };
      default:
        if (!joined) return fail(ERROR_TEXT.notJoined);
        return this.#inChannel(me, joined, frame);
    }
  }

  #inChannel(me: string, channel: Channel, frame: ClientFrame): Outcome {
    const { id, title, members, messages } = channel;
    switch (frame.type) {
      case 'FETCH_CHANNEL_INVITECODE_REQUEST':
        return {
          answer: { type: 'FETCH_CHANNEL_INVITECODE_RESPONSE', channelId: id, inviteCode: channel.inviteCode },
          notes: [],
        };
      case 'ENTER_REQUEST': {
        const position = {
          lastReadMessageSeqId: seq(members.get(me) ?? 0),
          lastChannelMessageSeqId: seq(messages.length),
        };
        return { answer: { type: 'ENTER_RESPONSE', channelId: id, title, ...position }, notes: [] };
      }
      case 'QUIT_REQUEST':
        members.delete(me);
        return {
          answer: { type: 'QUIT_RESPONSE', channelId: id },
          notes: [{ to: [...members.keys(), me], frame: { type: 'NOTIFY_MEMBER_QUIT', channelId: id, username: me } }],
        };
      case 'READ_MESSAGE_ACK':
        members.set(me, Math.max(members.get(me) ?? 0, frame.messageSeqId));
        return { notes: [] };
      case 'FETCH_MESSAGES_REQUEST': {
        const range = messages.slice(Math.max(0, frame.startMessageSeqId - 1), frame.endMessageSeqId).slice(-100);
        return { answer: { type: 'FETCH_MESSAGES_RESPONSE', channelId: id, messages: range }, notes: [] };
      }
      case 'WRITE_MESSAGE': {
        const once = `${me} ${frame.serial}`;
        const known = channel.serials.get(once);
        const message = known === undefined ? this.write(channel, me, frame.content) : undefined;
        const messageSeqId = seq(known ?? messages.length);
        channel.serials.set(once, messageSeqId);
        const answer = { type: 'WRITE_MESSAGE_ACK', serial: frame.serial, messageSeqId } as const;
        return {
          answer,
          notes: message ? [{ to: [...members.keys()], frame: { type: 'NOTIFY_MESSAGE', ...message } }] : [],
        };
      }
      default:
        return { notes: [] };
    }
  }

  #between(a: string, b: string): Contact | undefined {
    return this.#contacts.find(({ inviter, invitee }) => [inviter, invitee].sort().join() === [a, b].sort().join());
  }
}
