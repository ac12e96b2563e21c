import { Module } from '@nestjs/common';
import { CommandLog } from './command-log.js';

@Module({ providers: [CommandLog], exports: [CommandLog] })
export class CommandLogModule {}
