import { Injectable } from '@nestjs/common';
import type { ChannelId, Seq, UserId } from '@parley/protocol';
import type { ClientSocket } from '../socket/client-socket.js';
import { RelayNotes } from './relay-notes.js';

/** Longer than any answer takes that is not lost. */
const KEEP_MS = 60_000;

/**
 * Sockets that closed while they were entering a channel. The owner of the channel takes them for viewers once it has
 * let them in, so it is told when its answer finds nobody.
 */
@Injectable()
export class LateAnswers {
  /** In order of closing. */
  private readonly closed = new Map<string, { userId: UserId; until: number }>();

  constructor(private readonly notes: RelayNotes) {}

  socketClosed({ id, userId, shown }: ClientSocket): void {
    const now = performance.now();
    for (const [old, { until }] of this.closed) {
      if (until > now) break;
      this.closed.delete(old);
    }
    if (shown.heading !== shown.channelId) this.closed.set(id, { userId, until: now + KEEP_MS });
  }

  /** The answer to an ENTER of a socket that is not there. */
  entered(connection: string, channelId: ChannelId, last: Seq): void {
    const socket = this.closed.get(connection);
    if (socket !== undefined) this.notes.viewerLeft({ channelId, userId: socket.userId, connection, seen: last });
  }
}
