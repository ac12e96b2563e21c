import { kafkaOptionsFrom } from '@parley/kafka';
import { databaseOptionsFrom, PersistenceModule } from '@parley/persistence';
import { RedisModule } from '@parley/platform';
import { type DynamicModule, Module } from '@nestjs/common';
import type { MessageConfig } from './config.js';
import { MessagingModule } from './messaging/messaging.module.js';
import { RelayModule } from './relay/relay.module.js';
import { RequestModule } from './request/request.module.js';
import { LimitsModule } from './user/limits.module.js';

@Module({})
export class AppModule {
  static with(config: MessageConfig): DynamicModule {
    return {
      module: AppModule,
      imports: [
        MessagingModule.with(kafkaOptionsFrom(config, `message-${config.SERVICE_ID}`), {
          maxGapMs: config.PRODUCE_GAP_MS,
        }),
        PersistenceModule.forRoot(databaseOptionsFrom(config), { shards: true }),
        RedisModule.with(config),
        LimitsModule.with({ contacts: config.CONTACT_LIMIT, channelMembers: config.CHANNEL_MEMBER_LIMIT }),
        RequestModule,
        RelayModule,
      ],
    };
  }
}
