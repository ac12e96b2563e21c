import { AccountEntity, UnregisteredAccountEntity } from './account.entity.js';
import { ChannelEntity, MembershipEntity } from './channel.entity.js';
import { CommandLogEntity } from './command-log.entity.js';
import { ContactEntity } from './contact.entity.js';
import { PushInboxEntity } from './push-inbox.entity.js';

export const userDatabaseEntities = [
  AccountEntity,
  UnregisteredAccountEntity,
  ContactEntity,
  ChannelEntity,
  MembershipEntity,
  CommandLogEntity,
  PushInboxEntity,
];
