import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Log } from '@parley/platform';
import type { UserId } from '@parley/protocol';
import { PushMetrics } from '../push.metrics.js';
import { InboxRepository } from './inbox.repository.js';

const TRIM_EVERY_MS = 60_000;
/** People whose entries are counted in one statement. */
const PEOPLE = 100;

/** How many entries everybody keeps. */
export class InboxSize {
  constructor(readonly entries: number) {}
}

/** Keeps inboxes from growing for ever: who got something is looked after within a minute, and until it is done. */
@Injectable()
export class InboxTrim implements OnApplicationBootstrap, OnModuleDestroy {
  /** Lost with a crash; the next push of each brings them back. */
  private readonly waiting = new Set<UserId>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly inbox: InboxRepository,
    private readonly size: InboxSize,
    private readonly metrics: PushMetrics,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    this.schedule();
  }

  onModuleDestroy(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** Somebody's inbox has grown. */
  grown(userId: UserId): void {
    this.waiting.add(userId);
  }

  /** Removes what is too much from all inboxes that have grown. What cannot be done now is done next time. */
  async trim(): Promise<void> {
    const people = [...this.waiting];
    this.waiting.clear();
    for (let from = 0; from < people.length; from += PEOPLE) {
      const some = people.slice(from, from + PEOPLE);
      try {
        for (const userId of await this.inbox.fullerThan(this.size.entries, some)) {
          const { removed, isDone } = await this.inbox.trim(userId, this.size.entries);
          this.metrics.trimmed.inc(removed);
          // What is too new to go now must not wait for a next push: there may be none.
          if (!isDone) this.waiting.add(userId);
        }
      } catch (error) {
        for (const userId of some) this.waiting.add(userId);
        this.log.warn({ people: some.length, error }, 'inboxes could not be trimmed, the next round does it');
      }
    }
  }

  private schedule(): void {
    this.timer = setTimeout(() => {
      void this.trim().then(() => {
        if (this.timer !== undefined) this.schedule();
      });
    }, TRIM_EVERY_MS);
  }
}
