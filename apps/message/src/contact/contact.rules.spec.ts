import { userId } from '@parley/protocol';
import {
  type Contact,
  type ContactCase,
  decideAccept,
  decideDisconnect,
  decideInvite,
  decideReject,
  type Party,
} from './contact.rules.js';

const LIMIT = 10;
const ann: Party = { id: userId(1), name: 'ann', contacts: 3 };
const bob: Party = { id: userId(2), name: 'bob', contacts: 4 };
const full = (party: Party): Party => ({ ...party, contacts: LIMIT });

const NONE: Contact = { status: 'NONE' };
const contact = (status: 'PENDING' | 'ACCEPTED' | 'REJECTED' | 'DISCONNECTED', inviter: Party): Contact => ({
  status,
  inviter: inviter.id,
});

/** Ann asks something about Bob, with whom she has nothing yet. */
const given = (over: Partial<ContactCase> = {}): ContactCase => ({ asker: ann, partner: bob, contact: NONE, ...over });

const refused = (error: string) => ({ ok: false, error });
const changed = (status: string, inviter: Party, contacts: number, partner = bob) => ({
  ok: true,
  value: { partner, status, inviter: inviter.id, contacts },
});

describe('an invitation', () => {
  it.each([
    ['needs a known code', given({ partner: undefined }), refused('Invalid invite code.')],
    ['cannot be to oneself', given({ partner: ann }), refused("Can't self invite.")],
    ['is pending at first', given(), changed('PENDING', ann, 0)],
    [
      'is possible again after a disconnection',
      given({ contact: contact('DISCONNECTED', bob) }),
      changed('PENDING', ann, 0),
    ],
    ['cannot be to a contact', given({ contact: contact('ACCEPTED', bob) }), refused('Already connected with bob')],
    [
      'cannot be made while one is pending, whoever made it',
      given({ contact: contact('PENDING', bob) }),
      refused('Already invited to bob'),
    ],
    [
      'cannot be repeated after a rejection',
      given({ contact: contact('REJECTED', ann) }),
      refused('Already invited to bob'),
    ],
    ['needs room for one more contact', given({ asker: full(ann) }), refused('Connection limit reached.')],
  ])('%s', (_, found, decision) => expect(decideInvite(found, LIMIT)).toEqual(decision));
});

describe('accepting', () => {
  const pending = contact('PENDING', bob);
  it.each([
    ['makes a contact of both', given({ contact: pending }), changed('ACCEPTED', bob, 1)],
    ['needs a known name', given({ partner: undefined }), refused('Invalid username.')],
    ['cannot be of oneself', given({ partner: ann }), refused("Can't self accept.")],
    ['needs an invitation', given(), refused('Invalid username.')],
    ['is not for the inviter', given({ contact: contact('PENDING', ann) }), refused('Invalid username.')],
    ['happens once', given({ contact: contact('ACCEPTED', bob) }), refused('Already connected.')],
    ['is too late after a rejection', given({ contact: contact('REJECTED', bob) }), refused('Accept failed.')],
    [
      'looks at the lower id first when both are full',
      given({ asker: full(ann), partner: full(bob), contact: pending }),
      refused('Connection limit reached.'),
    ],
    [
      'names the other one when only they are full',
      given({ partner: full(bob), contact: pending }),
      refused('Connection limit reached by the other user.'),
    ],
  ])('%s', (_, found, decision) => expect(decideAccept(found, LIMIT)).toEqual(decision));
});

describe('rejecting', () => {
  it.each([
    ['is for the invited one', given({ contact: contact('PENDING', bob) }), changed('REJECTED', bob, 0)],
    ['is not for the inviter', given({ contact: contact('PENDING', ann) }), refused('Reject failed.')],
    ['needs a known name', given({ partner: undefined }), refused('Reject failed.')],
    ['needs an invitation', given(), refused('Reject failed.')],
    ['is too late for a contact', given({ contact: contact('ACCEPTED', bob) }), refused('Reject failed.')],
    ['happens once', given({ contact: contact('REJECTED', bob) }), refused('Reject failed.')],
  ])('%s', (_, found, decision) => expect(decideReject(found)).toEqual(decision));
});

describe('disconnecting', () => {
  it.each([
    [
      'ends a contact for the one who invited',
      given({ contact: contact('ACCEPTED', ann) }),
      changed('DISCONNECTED', ann, -1),
    ],
    [
      'ends a contact for the one who was invited',
      given({ contact: contact('ACCEPTED', bob) }),
      changed('DISCONNECTED', bob, -1),
    ],
    [
      'lifts a rejection for the one who rejected',
      given({ contact: contact('REJECTED', bob) }),
      changed('DISCONNECTED', bob, 0),
    ],
    [
      'does not lift a rejection for the one who was rejected',
      given({ contact: contact('REJECTED', ann) }),
      refused('Disconnect failed.'),
    ],
    ['does not withdraw an invitation', given({ contact: contact('PENDING', ann) }), refused('Disconnect failed.')],
    ['needs a contact', given(), refused('Disconnect failed.')],
    ['needs a known name', given({ partner: undefined }), refused('Disconnect failed.')],
  ])('%s', (_, found, decision) => expect(decideDisconnect(found)).toEqual(decision));
});
