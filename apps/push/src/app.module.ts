import { type DynamicModule, Module } from '@nestjs/common';
import { kafkaOptionsFrom } from '@parley/kafka';
import { databaseOptionsFrom, PersistenceModule } from '@parley/persistence';
import { RedisModule } from '@parley/platform';
import { SessionModule } from '@parley/session';
import type { PushConfig } from './config.js';
import { InboxController } from './inbox/inbox.controller.js';
import { InboxRepository } from './inbox/inbox.repository.js';
import { InboxService } from './inbox/inbox.service.js';
import { InboxSize, InboxTrim } from './inbox/inbox-trim.js';
import { NotificationConsumer } from './inbox/notification.consumer.js';
import { MessagingModule } from './messaging.module.js';
import { LogPushProvider } from './provider/log-push-provider.js';
import { PushProvider } from './provider/push-provider.js';
import { PushMetrics } from './push.metrics.js';

@Module({})
export class AppModule {
  static with(config: PushConfig): DynamicModule {
    return {
      module: AppModule,
      imports: [
        RedisModule.with(config),
        PersistenceModule.forRoot(databaseOptionsFrom(config), { shards: false }),
        MessagingModule.with(kafkaOptionsFrom(config, `push-${config.SERVICE_ID}`)),
        SessionModule.with({ ttlSeconds: config.SESSION_TTL_SECONDS }),
      ],
      controllers: [InboxController, NotificationConsumer],
      providers: [
        InboxRepository,
        InboxService,
        InboxTrim,
        PushMetrics,
        { provide: InboxSize, useValue: new InboxSize(config.PUSH_INBOX_ENTRIES) },
        { provide: PushProvider, useClass: LogPushProvider },
      ],
    };
  }
}
