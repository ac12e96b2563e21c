import { Controller } from '@nestjs/common';
import { pushNotification } from '@parley/contracts';
import { BatchHandler, DependencyUnavailable, type InboundRecord, readRecords } from '@parley/kafka';
import { isConflict, isUnavailable } from '@parley/persistence';
import { InboxService } from './inbox.service.js';

@Controller()
export class NotificationConsumer {
  constructor(private readonly inbox: InboxService) {}

  /** @throws UnreadableRecords before any effect: those end in the dead-letter topic */
  @BatchHandler(pushNotification.name)
  async receive(records: InboundRecord[]): Promise<void> {
    const notifications = readRecords(records, pushNotification.decode);
    try {
      await this.inbox.receive(notifications);
    } catch (error) {
      // The records are fine, the database is not: they wait instead of being set aside.
      if (isUnavailable(error) || isConflict(error)) throw new DependencyUnavailable('user database', { cause: error });
      throw error;
    }
  }
}
