import { Controller } from '@nestjs/common';
import { type PushNotification, pushNotification } from '@parley/contracts';
import { BatchHandler, DependencyUnavailable, type InboundRecord } from '@parley/kafka';
import { isConflict, isUnavailable } from '@parley/persistence';
import { InboxService } from './inbox.service.js';

@Controller()
export class NotificationConsumer {
  constructor(private readonly inbox: InboxService) {}

  @BatchHandler(pushNotification.name)
  async receive(records: InboundRecord[]): Promise<void> {
    try {
      await this.inbox.receive(records.map(readNotification));
    } catch (error) {
      // The records are fine, the database is not: they wait instead of being set aside.
      if (isUnavailable(error) || isConflict(error)) throw new DependencyUnavailable('user database', { cause: error });
      throw error;
    }
  }
}

/** @throws Error for a record that nobody can read; it ends in the dead-letter topic and the others go on. */
function readNotification({ value }: InboundRecord): PushNotification {
  const notification = pushNotification.decode(value);
  if (!notification.ok) throw new Error(`unreadable push notification: ${notification.error}`);
  return notification.value;
}
