import type { Origin, UserCommand, UserCommandFrame } from '@parley/contracts';
import { isUnavailable } from '@parley/persistence';
import { Log } from '@parley/platform';
import { type ClientFrameOf, UNAVAILABLE_TEXT } from '@parley/protocol';
import { Injectable } from '@nestjs/common';
import { MembershipCommands } from '../channel/membership.commands.js';
import { ContactCommands } from '../contact/contact.commands.js';
import { AccountCommands } from '../user/account.commands.js';
import { addressedTo, answer, type Outcome, refusal } from './outcome.js';
import { Patience } from './patience.js';
import { UncertainCreations } from './uncertain-creations.js';

type CommandType = UserCommandFrame['type'];

/** Every command has a handler, or this does not compile. */
type Handlers = {
  readonly [T in CommandType]: (origin: Origin, frame: ClientFrameOf<T>) => Promise<Outcome>;
};

/** Carries out what users ask for themselves; whatever happens, there is an answer. */
@Injectable()
export class UserCommands {
  private readonly handlers: Handlers;

  constructor(
    accounts: AccountCommands,
    contacts: ContactCommands,
    memberships: MembershipCommands,
    private readonly patience: Patience,
    private readonly uncertain: UncertainCreations,
    private readonly log: Log,
  ) {
    this.handlers = {
      FETCH_USER_INVITECODE_REQUEST: (origin, frame) => accounts.fetchInviteCode(origin, frame),
      FETCH_CONNECTIONS_REQUEST: (origin, frame) => contacts.fetch(origin, frame),
      INVITE_REQUEST: (origin, frame) => contacts.invite(origin, frame),
      ACCEPT_REQUEST: (origin, frame) => contacts.accept(origin, frame),
      REJECT_REQUEST: (origin, frame) => contacts.reject(origin, frame),
      DISCONNECT_REQUEST: (origin, frame) => contacts.disconnect(origin, frame),
      FETCH_CHANNELS_REQUEST: (origin) => memberships.fetch(origin),
      CREATE_REQUEST: (origin, frame) => memberships.create(origin, frame),
      JOIN_REQUEST: (origin, frame) => memberships.join(origin, frame),
      LEAVE_REQUEST: async (origin) => answer(origin, { type: 'LEAVE_RESPONSE' }),
    };
  }

  async run({ origin, frame }: Omit<UserCommand, 'kind'>): Promise<Outcome> {
    const asked = { ...origin, request: this.uncertain.requestOf(origin, frame) };
    try {
      const outcome = await this.patience.of(() => dispatch(this.handlers, asked, frame));
      this.uncertain.settle(asked, frame);
      return addressedTo(origin, outcome);
    } catch (error) {
      // What is wrong with one command must neither repeat nor hold up the others of its batch.
      const fields = { trace: origin.request, userId: origin.userId, type: frame.type, error };
      if (isUnavailable(error)) this.uncertain.remember(asked, frame);
      if (isUnavailable(error)) this.log.warn(fields, 'a database is away, the sender was told to try again');
      else this.log.error(fields, 'a command failed');
      return refusal(origin, frame.type, UNAVAILABLE_TEXT[frame.type]);
    }
  }
}

const dispatch = <T extends CommandType>(
  handlers: Handlers,
  origin: Origin,
  frame: ClientFrameOf<T>,
): Promise<Outcome> => handlers[frame.type](origin, frame);
