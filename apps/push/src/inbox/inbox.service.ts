import { Injectable } from '@nestjs/common';
import type { PushNotification } from '@parley/contracts';
import { Log } from '@parley/platform';
import type { PushInboxEntry, UserId } from '@parley/protocol';
import { PushProvider } from '../provider/push-provider.js';
import { PushMetrics } from '../push.metrics.js';
import { InboxRepository, inParts } from './inbox.repository.js';
import { type Push, pushesOf, withoutKnown } from './inbox.rules.js';
import { InboxTrim } from './inbox-trim.js';

@Injectable()
export class InboxService {
  constructor(
    private readonly inbox: InboxRepository,
    private readonly provider: PushProvider,
    private readonly trim: InboxTrim,
    private readonly metrics: PushMetrics,
    private readonly log: Log,
  ) {}

  /** Keeps what people should hear of, then tells them; a batch that is delivered again tells nobody twice. */
  async receive(notifications: readonly PushNotification[]): Promise<void> {
    for (const { request, userIds, frame } of notifications) {
      this.log.debug({ trace: request, type: frame.type, users: userIds.length }, 'push for users');
    }
    // Each part to its end: when a later one fails, the batch comes again, and nobody is told of what is known by then.
    for (const part of inParts(pushesOf(notifications))) await this.receivePart(part);
  }

  async newest(userId: UserId, limit: number): Promise<PushInboxEntry[]> {
    const entries = await this.inbox.newest(userId, limit);
    this.metrics.reads.inc();
    this.metrics.entriesRead.inc(entries.length);
    return entries;
  }

  private async receivePart(pushes: readonly Push[]): Promise<void> {
    const fresh = withoutKnown(pushes, await this.inbox.known(pushes));
    this.metrics.repeated.inc(pushes.length - fresh.length);
    if (fresh.length === 0) return;
    // First the inbox: a crash in between costs a sign on a screen, never the entry, and repeats nothing.
    await this.inbox.keep(fresh);
    this.metrics.recorded.inc(fresh.length);
    for (const { userId } of fresh) this.trim.grown(userId);
    await this.handOn(fresh);
  }

  /** A provider that fails costs a sign on a screen; repeating the batch would not bring it back. */
  private async handOn(fresh: readonly Push[]): Promise<void> {
    try {
      await this.provider.deliver(fresh);
    } catch (error) {
      this.metrics.providerFailures.inc(fresh.length);
      this.log.error({ pushes: fresh.length, error }, 'the provider did not take pushes, their entries are kept');
    }
  }
}
