import { Module } from '@nestjs/common';
import { CommandLogModule } from '../request/command-log.module.js';
import { ChannelRepository } from './channel.repository.js';

@Module({ imports: [CommandLogModule], providers: [ChannelRepository], exports: [ChannelRepository] })
export class ChannelModule {}
