import {
  alreadyConnectedWith,
  alreadyInvitedTo,
  type ContactStatus,
  err,
  ERROR_TEXT,
  ok,
  type Result,
  type UserId,
} from '@parley/protocol';

/** One of the two users a command is about. */
export interface Party {
  readonly id: UserId;
  readonly name: string;
  /** Accepted contacts. */
  readonly contacts: number;
}

/** What is between two users; the inviter is whoever invited last. */
export type Contact =
  { readonly status: 'NONE' } | { readonly status: Exclude<ContactStatus, 'NONE'>; readonly inviter: UserId };

/** A command as it is judged: everything read under the locks of both accounts. */
export interface ContactCase {
  readonly asker: Party;
  /** Undefined if the name or code in the command is nobody's. */
  readonly partner: Party | undefined;
  readonly contact: Contact;
}

/** What a command changes. */
export interface ContactChange {
  readonly partner: Party;
  readonly status: 'PENDING' | 'ACCEPTED' | 'REJECTED' | 'DISCONNECTED';
  readonly inviter: UserId;
  /** Added to the accepted contacts of both. */
  readonly contacts: 1 | 0 | -1;
}

/** The change, or the text of the ERROR. */
export type ContactDecision = Result<ContactChange, string>;

/** Whether the partner has room is judged when they accept. */
export function decideInvite({ asker, partner, contact }: ContactCase, limit: number): ContactDecision {
  if (partner === undefined) return err(ERROR_TEXT.invalidInviteCode);
  if (partner.id === asker.id) return err(ERROR_TEXT.selfInvite);
  switch (contact.status) {
    case 'ACCEPTED':
      return err(alreadyConnectedWith(partner.name));
    case 'PENDING':
    case 'REJECTED':
      return err(alreadyInvitedTo(partner.name));
    case 'NONE':
    case 'DISCONNECTED':
      if (asker.contacts >= limit) return err(ERROR_TEXT.contactLimit);
      return ok({ partner, status: 'PENDING', inviter: asker.id, contacts: 0 });
  }
}

export function decideAccept({ asker, partner, contact }: ContactCase, limit: number): ContactDecision {
  if (partner === undefined) return err(ERROR_TEXT.invalidUsername);
  if (partner.id === asker.id) return err(ERROR_TEXT.selfAccept);
  if (contact.status === 'NONE' || contact.inviter !== partner.id) return err(ERROR_TEXT.invalidUsername);
  if (contact.status === 'ACCEPTED') return err(ERROR_TEXT.alreadyAccepted);
  if (contact.status !== 'PENDING') return err(ERROR_TEXT.acceptFailed);
  const full = [asker, partner].sort((a, b) => a.id - b.id).find((party) => party.contacts >= limit);
  if (full === asker) return err(ERROR_TEXT.contactLimit);
  if (full === partner) return err(ERROR_TEXT.contactLimitOther);
  return ok({ partner, status: 'ACCEPTED', inviter: partner.id, contacts: 1 });
}

/** Only the invited one, and only while nothing is decided. */
export function decideReject({ asker, partner, contact }: ContactCase): ContactDecision {
  if (partner === undefined || contact.status !== 'PENDING' || contact.inviter === asker.id) {
    return err(ERROR_TEXT.rejectFailed);
  }
  return ok({ partner, status: 'REJECTED', inviter: contact.inviter, contacts: 0 });
}

/** Ends a contact, from either side, or lifts a rejection, by the one who rejected. Then either may invite. */
export function decideDisconnect({ asker, partner, contact }: ContactCase): ContactDecision {
  if (partner === undefined) return err(ERROR_TEXT.disconnectFailed);
  if (contact.status === 'ACCEPTED') {
    return ok({ partner, status: 'DISCONNECTED', inviter: contact.inviter, contacts: -1 });
  }
  if (contact.status === 'REJECTED' && contact.inviter !== asker.id) {
    return ok({ partner, status: 'DISCONNECTED', inviter: contact.inviter, contacts: 0 });
  }
  return err(ERROR_TEXT.disconnectFailed);
}
