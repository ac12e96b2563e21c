import type { Delivery, Origin, UserNotice } from '@parley/contracts';
import type { Transaction } from '@parley/persistence';
import { type ClientFrameOf, type ClientFrameType, ERROR_TEXT, type ServerFrame, type UserId } from '@parley/protocol';
import { Injectable } from '@nestjs/common';
import { CommandLog } from '../request/command-log.js';
import { answer, Outcome, refusal, toAsker } from '../request/outcome.js';
import { Limits } from '../user/limits.js';
import { UserDirectory } from '../user/user-directory.js';
import { ContactRepository } from './contact.repository.js';
import {
  type ContactCase,
  type ContactChange,
  type ContactDecision,
  decideAccept,
  decideDisconnect,
  decideInvite,
  decideReject,
  type Party,
} from './contact.rules.js';

/** How one command differs from the others. */
interface ContactCommand {
  readonly type: ClientFrameType;
  /** Said to an asker who unregistered while the command was on its way. */
  readonly failure: string;
  /** Whom it is about, as far as is known before the transaction: the account may be gone. */
  readonly partnerId: UserId | undefined;
  /** Set if the partner was asked for by this name. */
  readonly partnerName?: string;
  readonly decide: (found: ContactCase) => ContactDecision;
  readonly tell: (change: ContactChange, asker: Party) => Told;
}

interface Told {
  /** To the asker. */
  readonly answer: ServerFrame;
  readonly partner?: ServerFrame;
  /** To the partner, and to the asker's other devices; each gets the name of the other one. */
  readonly notice?: 'NOTIFY_REJECT' | 'NOTIFY_DISCONNECT';
}

/** Invitations between users and what becomes of them. */
@Injectable()
export class ContactCommands {
  constructor(
    private readonly contacts: ContactRepository,
    private readonly log: CommandLog,
    private readonly limits: Limits,
    private readonly directory: UserDirectory,
  ) {}

  async fetch(origin: Origin, { status }: ClientFrameOf<'FETCH_CONNECTIONS_REQUEST'>): Promise<Outcome> {
    const connections = await this.contacts.list(origin.userId, status);
    return answer(origin, { type: 'FETCH_CONNECTIONS_RESPONSE', connections });
  }

  async invite(origin: Origin, { type, userInviteCode }: ClientFrameOf<'INVITE_REQUEST'>): Promise<Outcome> {
    const inviteCode = userInviteCode.toLowerCase();
    // Before the transaction, so that none waits for the cache.
    const partnerId = await this.directory.idByInviteCode(inviteCode);
    return this.run(origin, {
      type,
      failure: ERROR_TEXT.inviteFailed,
      partnerId,
      decide: (found) => decideInvite(found, this.limits.contacts),
      tell: ({ status }, asker) => ({
        answer: { type: 'INVITE_RESPONSE', inviteCode, status },
        partner: { type: 'ASK_INVITE', username: asker.name },
      }),
    });
  }

  async accept(origin: Origin, { type, username }: ClientFrameOf<'ACCEPT_REQUEST'>): Promise<Outcome> {
    return this.run(origin, {
      type,
      failure: ERROR_TEXT.acceptFailed,
      partnerId: await this.directory.idByName(username),
      partnerName: username,
      decide: (found) => decideAccept(found, this.limits.contacts),
      tell: ({ partner }, asker) => ({
        answer: { type: 'ACCEPT_RESPONSE', username: partner.name },
        partner: { type: 'NOTIFY_ACCEPT', username: asker.name },
      }),
    });
  }

  async reject(origin: Origin, { type, username }: ClientFrameOf<'REJECT_REQUEST'>): Promise<Outcome> {
    return this.run(origin, {
      type,
      failure: ERROR_TEXT.rejectFailed,
      partnerId: await this.directory.idByName(username),
      partnerName: username,
      decide: decideReject,
      tell: ({ partner, status }) => ({
        answer: { type: 'REJECT_RESPONSE', username: partner.name, status },
        notice: 'NOTIFY_REJECT',
      }),
    });
  }

  async disconnect(origin: Origin, { type, username }: ClientFrameOf<'DISCONNECT_REQUEST'>): Promise<Outcome> {
    return this.run(origin, {
      type,
      failure: ERROR_TEXT.disconnectFailed,
      partnerId: await this.directory.idByName(username),
      partnerName: username,
      decide: decideDisconnect,
      tell: ({ partner, status }) => ({
        answer: { type: 'DISCONNECT_RESPONSE', username: partner.name, status },
        notice: 'NOTIFY_DISCONNECT',
      }),
    });
  }

  private run(origin: Origin, command: ContactCommand): Promise<Outcome> {
    const { type, failure, decide, tell } = command;
    return this.log.once(origin.request, Outcome, async (tx) => {
      const found = await this.lock(tx, origin.userId, command);
      if (found === undefined) return refusal(origin, type, failure);
      const decision = decide(found);
      if (!decision.ok) return refusal(origin, type, decision.error);
      const change = decision.value;
      await this.contacts.change(tx, found.asker, change);
      const { asker } = found;
      const { partner } = change;
      const told = tell(change, asker);
      const deliveries: Delivery[] = [toAsker(origin, told.answer)];
      if (told.partner !== undefined) deliveries.push({ userId: partner.id, frame: told.partner });
      if (told.notice === undefined) return { deliveries };
      const notices: UserNotice[] = [
        { userIds: [partner.id], frame: { type: told.notice, username: asker.name } },
        { userIds: [asker.id], frame: { type: told.notice, username: partner.name }, except: origin.connection },
      ];
      return { deliveries, notices };
    });
  }

  /** A locked account proves that the name is its own; without that proof the database says whose it is by now. */
  private async lock(
    tx: Transaction,
    asker: UserId,
    { partnerId, partnerName }: ContactCommand,
  ): Promise<ContactCase | undefined> {
    const found = await this.contacts.lock(tx, asker, partnerId);
    const isProven = partnerName === undefined || found?.partner?.name === partnerName;
    if (isProven || partnerId === undefined) return found;
    return this.contacts.lock(tx, asker, await this.contacts.idByName(tx, partnerName));
  }
}
