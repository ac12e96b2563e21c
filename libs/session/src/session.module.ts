import { type DynamicModule, Module } from '@nestjs/common';
import { PassportModule } from '@nestjs/passport';
import { SessionSettings } from './settings.js';
import { SessionStore } from './session-store.js';
import { SessionStrategy } from './session.strategy.js';

/** Sessions for a service; needs the platform's `RedisClient` in scope. */
@Module({})
export class SessionModule {
  static with(settings: { readonly ttlSeconds: number }): DynamicModule {
    return {
      module: SessionModule,
      global: true,
      imports: [PassportModule],
      providers: [
        { provide: SessionSettings, useValue: new SessionSettings(settings.ttlSeconds) },
        SessionStore,
        SessionStrategy,
      ],
      exports: [SessionStore],
    };
  }
}
