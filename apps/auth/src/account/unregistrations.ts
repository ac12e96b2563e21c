import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { messageRequest } from '@parley/contracts';
import { BatchingProducer } from '@parley/kafka';
import { Clock, Log } from '@parley/platform';
import { AccountRepository, type RemovedAccount } from './account.repository.js';
import { SessionEndings } from './session-endings.js';

const SWEEP_EVERY_MS = 2_000;
/** Younger ones are still on their first way through Kafka and the message service. */
const OVERDUE_AFTER_MS = 5_000;
const PER_SWEEP = 100;

/**
 * Sees to it that everything that belonged to an account follows it. The note of the removal stays in the database
 * until the message service has done its part; as long as it is there the news is repeated, which does no harm.
 */
@Injectable()
export class Unregistrations implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<void> = Promise.resolve();

  constructor(
    private readonly accounts: AccountRepository,
    private readonly endings: SessionEndings,
    private readonly producer: BatchingProducer,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.sweeping = this.sweeping.then(() => this.sweep());
    }, SWEEP_EVERY_MS);
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.sweeping;
  }

  /** Never rejects: the account is gone, and what fails here is done by a later sweep. */
  async follow({ userId, username }: RemovedAccount): Promise<void> {
    try {
      await this.endings.endAll(userId);
      const record = { kind: 'USER_UNREGISTERED' as const, userId, username };
      await this.producer.send(messageRequest.name, {
        key: messageRequest.key(record),
        value: messageRequest.encode(record),
      });
    } catch (error) {
      this.log.warn({ error, userId }, 'an unregistration has to be followed up later');
    }
  }

  private async sweep(): Promise<void> {
    try {
      const overdue = await this.accounts.removedBefore(new Date(this.clock.now() - OVERDUE_AFTER_MS), PER_SWEEP);
      await Promise.all(overdue.map((account) => this.follow(account)));
    } catch (error) {
      this.log.warn({ error }, 'could not look for unregistrations to follow up');
    }
  }
}
