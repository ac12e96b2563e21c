import { Injectable } from '@nestjs/common';
import type { PushNotification } from '@parley/contracts';
import type { PushInboxEntry, UserId } from '@parley/protocol';
import { PushProvider } from '../provider/push-provider.js';
import { InboxRepository } from './inbox.repository.js';
import { pushesOf, withoutKnown } from './inbox.rules.js';

@Injectable()
export class InboxService {
  constructor(
    private readonly inbox: InboxRepository,
    private readonly provider: PushProvider,
  ) {}

  /** Keeps what people should hear of, then tells them; a batch that is delivered again tells nobody twice. */
  async receive(notifications: readonly PushNotification[]): Promise<void> {
    const pushes = pushesOf(notifications);
    const fresh = withoutKnown(pushes, await this.inbox.known(pushes));
    if (fresh.length === 0) return;
    // First the inbox: a crash in between costs a sign on a screen, never the entry, and repeats nothing.
    await this.inbox.keep(fresh);
    await this.provider.deliver(fresh);
  }

  newest(userId: UserId, limit: number): Promise<PushInboxEntry[]> {
    return this.inbox.newest(userId, limit);
  }
}
