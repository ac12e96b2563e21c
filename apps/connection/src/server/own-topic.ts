import { Injectable } from '@nestjs/common';
import { connectionNotification } from '@parley/contracts';
import { BroadcastConsumer, KafkaAdmin } from '@parley/kafka';
import { Log } from '@parley/platform';
import { ConnectionSettings } from '../config.js';
import { ServerIdentity } from './server-identity.js';

/** Answers are of no use for longer: their sockets are gone. */
const RETENTION_MS = 3_600_000;
const LOOK_EVERY_MS = 5_000;

/**
 * Keeps the topic of this server in being. One that stood still for minutes is taken for dead, and its topic is swept
 * away; nobody but itself can bring it back when it goes on.
 */
@Injectable()
export class OwnTopic {
  readonly name: string;
  private timer: NodeJS.Timeout | undefined;
  private work: Promise<void> | undefined;
  private isLost = false;

  constructor(
    private readonly settings: ConnectionSettings,
    identity: ServerIdentity,
    private readonly admin: KafkaAdmin,
    private readonly consumer: BroadcastConsumer,
    private readonly log: Log,
  ) {
    this.name = connectionNotification(identity.server).name;
  }

  /** Whether it is there and being read. */
  isRead(): boolean {
    return !this.isLost && this.consumer.ready();
  }

  async create(): Promise<void> {
    await this.admin.ensureTopic(this.name, {
      partitions: 1,
      replicationFactor: this.settings.topicCopies,
      retentionMs: RETENTION_MS,
    });
  }

  /** Begins to look after it. */
  start(): void {
    this.timer = setInterval(() => {
      this.work ??= this.look().finally(() => (this.work = undefined));
    }, LOOK_EVERY_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.work;
  }

  async remove(): Promise<void> {
    await this.admin.deleteTopic(this.name).catch((error: unknown) => {
      this.log.warn({ topic: this.name, error }, 'the own topic stays until another server sweeps it');
    });
  }

  private async look(): Promise<void> {
    try {
      this.isLost ||= await this.consumer.hasLost(this.name);
      if (!this.isLost) return;
      this.log.error({ topic: this.name }, 'the own topic was removed, creating it again');
      await this.create();
      await this.consumer.startAnew(this.name);
      this.isLost = false;
    } catch (error) {
      this.log.debug({ topic: this.name, error }, 'the own topic is looked after another time');
    }
  }
}
