import { type DynamicModule, Module } from '@nestjs/common';
import { Limits } from './limits.js';

@Module({})
export class LimitsModule {
  static with({ contacts, channelMembers }: { contacts: number; channelMembers: number }): DynamicModule {
    return {
      module: LimitsModule,
      global: true,
      providers: [{ provide: Limits, useValue: new Limits(contacts, channelMembers) }],
      exports: [Limits],
    };
  }
}
