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
    await this.announce([active.hash]);
  }

  async endAll(userId: UserId): Promise<void> {
    await this.announce(await this.sessions.endAll(userId));
  }

  /** The sessions are over either way; without the word, sockets close when their server next looks at the session. */
  private async announce(hashes: readonly string[]): Promise<void> {
    this.metrics.sessionsEnded.inc(hashes.length);
    const records = hashes.map((session) => connectionControl.encode({ kind: 'SESSION_ENDED', session }));
    try {
      await this.producer.sendAll(records.map((value) => ({ topic: connectionControl.name, key: null, value })));
    } catch (error) {
      this.log.warn({ error, sessions: hashes.length }, 'could not tell of ended sessions');
    }
  }
}
