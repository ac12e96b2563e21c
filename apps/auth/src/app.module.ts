import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { kafkaOptionsFrom } from '@parley/kafka';
import { databaseOptionsFrom, PersistenceModule } from '@parley/persistence';
import { RedisModule } from '@parley/platform';
import { AllowedOrigins, SessionModule } from '@parley/session';
import { AccountRepository } from './account/account.repository.js';
import { AccountService } from './account/account.service.js';
import { Passwords } from './account/password.js';
import { SessionEndings } from './account/session-endings.js';
import { Unregistrations } from './account/unregistrations.js';
import { AuthMetrics } from './auth.metrics.js';
import type { AuthConfig } from './config.js';
import { AuthController } from './http/auth.controller.js';
import { LoginStrategy } from './http/login.strategy.js';
import { PlainTextFilter } from './http/plain-text.filter.js';
import { CookieSettings } from './http/session-cookie.js';
import { AttemptLimits, AttemptSettings } from './limits/attempt-limits.js';
import { TrustedProxies } from './limits/client-address.js';
import { MessagingModule } from './messaging.module.js';

@Module({})
export class AppModule {
  static with(config: AuthConfig): DynamicModule {
    const attempts = new AttemptSettings(
      config.LOGIN_LIMIT_PER_MINUTE,
      config.LOGIN_LIMIT_PER_ADDRESS_PER_MINUTE,
      config.REGISTER_LIMIT_PER_MINUTE,
      config.REGISTER_LIMIT_PER_ADDRESS_PER_MINUTE,
    );
    return {
      module: AppModule,
      imports: [
        RedisModule.with(config),
        PersistenceModule.forRoot(databaseOptionsFrom(config), { shards: false }),
        MessagingModule.with(kafkaOptionsFrom(config, `auth-${config.SERVICE_ID}`)),
        SessionModule.with({ ttlSeconds: config.SESSION_TTL_SECONDS }),
      ],
      controllers: [AuthController],
      providers: [
        { provide: AttemptSettings, useValue: attempts },
        { provide: TrustedProxies, useValue: new TrustedProxies(config.TRUSTED_PROXIES) },
        { provide: AllowedOrigins, useValue: new AllowedOrigins(config.ALLOWED_ORIGINS) },
        { provide: CookieSettings, useValue: new CookieSettings(config.COOKIE_SECURE) },
        { provide: APP_FILTER, useClass: PlainTextFilter },
        AccountRepository,
        AccountService,
        AttemptLimits,
        AuthMetrics,
        LoginStrategy,
        Passwords,
        SessionEndings,
        Unregistrations,
      ],
    };
  }
}
