import { Injectable } from '@nestjs/common';
import { connectionControl } from '@parley/contracts';
import { BatchingProducer } from '@parley/kafka';
import { Log } from '@parley/platform';
import type { UserId } from '@parley/protocol';
import { type ActiveSession, SessionStore } from '@parley/session';
import { AuthMetrics } from '../auth.metrics.js';

/** Ends sessions before their time and lets the connection servers close their sockets. */
@Injectable()
export class SessionEndings {
  constructor(
    private readonly sessions: SessionStore,
    private readonly producer: BatchingProducer,
    private readonly metrics: AuthMetrics,
    private readonly log: Log,
  ) {}

  async end(active: ActiveSession): Promise<void> {
    // The session goes first: a socket that is closed before could be opened again with it.
    await this.sessions.end(active);
    this.metrics.sessionsEnded.inc();
    try {
      await this.announce([active.hash]);
    } catch (error) {
      // It is over either way, and nobody can end it again: its sockets close when their server next looks at it.
      this.log.warn({ error }, 'could not tell of an ended session');
    }
  }

  /** To be repeated when it rejects: then the sessions are over, but not everybody may know. */
  async endAll(userId: UserId): Promise<void> {
    const hashes = await this.sessions.endAll(userId);
    await this.announce(hashes);
    await this.sessions.forget(userId, hashes);
    this.metrics.sessionsEnded.inc(hashes.length);
  }

  private async announce(hashes: readonly string[]): Promise<void> {
    const records = hashes.map((session) => connectionControl.encode({ kind: 'SESSION_ENDED', session }));
    await this.producer.sendAll(records.map((value) => ({ topic: connectionControl.name, key: null, value })));
  }
}
