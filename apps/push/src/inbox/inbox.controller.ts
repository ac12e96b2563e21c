import { BadRequestException, Controller, Get, Query, UseGuards } from '@nestjs/common';
import { PATHS, type PushInboxEntry } from '@parley/protocol';
import { type ActiveSession, CurrentSession, SessionGuard } from '@parley/session';
import { z } from 'zod';
import { InboxService } from './inbox.service.js';

const MOST_ENTRIES = 200;
const LIMIT_RULE = `limit must be a whole number from 1 to ${MOST_ENTRIES}`;
const Limit = z
  .string(LIMIT_RULE)
  .regex(/^\d{1,3}$/, LIMIT_RULE)
  .transform(Number)
  .refine((limit) => limit >= 1 && limit <= MOST_ENTRIES, LIMIT_RULE);

@Controller()
@UseGuards(SessionGuard)
export class InboxController {
  constructor(private readonly inbox: InboxService) {}

  /** What the caller was pushed, newest first. */
  @Get(PATHS.pushInbox)
  newest(@CurrentSession() { holder }: ActiveSession, @Query('limit') limit: unknown): Promise<PushInboxEntry[]> {
    const entries = Limit.safeParse(limit ?? '50');
    if (!entries.success) throw new BadRequestException(LIMIT_RULE);
    return this.inbox.newest(holder.userId, entries.data);
  }
}
