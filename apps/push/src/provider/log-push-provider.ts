import { Injectable } from '@nestjs/common';
import { Log } from '@parley/platform';
import type { Push } from '../inbox/inbox.rules.js';
import { PushProvider } from './push-provider.js';

/** Writes a line for each push: ids only, what people write is nobody else's business. */
@Injectable()
export class LogPushProvider extends PushProvider {
  constructor(private readonly log: Log) {
    super();
  }

  override async deliver(pushes: readonly Push[]): Promise<void> {
    for (const { type, userId, channelId, messageSeqId } of pushes) {
      this.log.info({ type, userId, channelId, messageSeqId }, 'pushed');
    }
  }
}
