import { Controller } from '@nestjs/common';
import { pushNotification } from '@parley/contracts';
import { BatchHandler, DependencyUnavailable, type InboundRecord } from '@parley/kafka';
import { isConflict, isUnavailable } from '@parley/persistence';
import { InboxService } from './inbox.service.js';

@Controller()
export class NotificationConsumer {
  constructor(private readonly inbox: InboxService) {}

  /** @throws Error for a record that nobody can read, after the others are done: it ends in the dead-letter topic. */
  @BatchHandler(pushNotification.name)
  async receive(records: InboundRecord[]): Promise<void> {
    const notifications = records.map(({ value }) => pushNotification.decode(value));
    try {
      await this.inbox.receive(notifications.flatMap((notification) => (notification.ok ? [notification.value] : [])));
    } catch (error) {
      // The records are fine, the database is not: they wait instead of being set aside.
      if (isUnavailable(error) || isConflict(error)) throw new DependencyUnavailable('user database', { cause: error });
      throw error;
    }
    for (const notification of notifications) {
      if (!notification.ok) throw new Error(`unreadable push notification: ${notification.error}`);
    }
  }
}
