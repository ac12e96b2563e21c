import { Module } from '@nestjs/common';
import { FactCache } from './fact-cache.js';
import { UserDirectory } from './user-directory.js';

@Module({ providers: [FactCache, UserDirectory], exports: [UserDirectory] })
export class UserModule {}
