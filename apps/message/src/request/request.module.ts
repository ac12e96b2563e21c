import { Module } from '@nestjs/common';
import { ChannelModule } from '../channel/channel.module.js';
import { MembershipCommands } from '../channel/membership.commands.js';
import { ContactCommands } from '../contact/contact.commands.js';
import { ContactRepository } from '../contact/contact.repository.js';
import { DeliveryModule } from '../delivery/delivery.module.js';
import { AccountCommands } from '../user/account.commands.js';
import { Unregistration } from '../user/unregistration.js';
import { UserModule } from '../user/user.module.js';
import { CommandLogModule } from './command-log.module.js';
import { Patience } from './patience.js';
import { RequestConsumer } from './request.consumer.js';
import { UncertainCreations } from './uncertain-creations.js';
import { UserCommands } from './user.commands.js';

@Module({
  imports: [ChannelModule, CommandLogModule, DeliveryModule, UserModule],
  controllers: [RequestConsumer],
  providers: [
    AccountCommands,
    ContactCommands,
    ContactRepository,
    MembershipCommands,
    Patience,
    UncertainCreations,
    Unregistration,
    UserCommands,
  ],
})
export class RequestModule {}
