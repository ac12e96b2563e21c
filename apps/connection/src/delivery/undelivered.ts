import { Injectable } from '@nestjs/common';
import { isPushed, pushIdOfRequest, pushNotification } from '@parley/contracts';
import { Log } from '@parley/platform';
import type { ServerFrame, UserId } from '@parley/protocol';
import { Publisher } from '../produce/publisher.js';

/** News that came for sockets which have closed meanwhile become pushes, where they are worth one. */
@Injectable()
export class Undelivered {
  constructor(
    private readonly publisher: Publisher,
    private readonly log: Log,
  ) {}

  push({ userId, request, frame }: { userId: UserId; request: string; frame: ServerFrame }): void {
    if (!isPushed(frame.type)) return;
    const id = pushIdOfRequest(request, frame.type);
    this.publisher.publish(pushNotification, { id, request, userIds: [userId], frame }).catch((error: unknown) => {
      this.log.warn({ trace: request, userId, type: frame.type, error }, 'a push was lost');
    });
  }
}
