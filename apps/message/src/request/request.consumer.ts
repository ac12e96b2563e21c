import {
  messageRelay,
  type MembersChanged,
  type MessageRequest,
  messageRequest,
  type UserCommand,
} from '@parley/contracts';
import { BatchHandler, BatchingProducer, type InboundRecord, readRecords } from '@parley/kafka';
import { isUnavailable } from '@parley/persistence';
import { Log } from '@parley/platform';
import { Controller, Inject } from '@nestjs/common';
import { Deliveries } from '../delivery/deliveries.js';
import { settled } from '../settled.js';
import { REQUESTS } from '../transports.js';
import { Unregistration } from '../user/unregistration.js';
import type { Outcome } from './outcome.js';
import { UserCommands } from './user.commands.js';

/** Users whose commands run side by side; more would only wait for a database connection. */
const USERS_AT_ONCE = 16;

type Unregistered = Extract<MessageRequest, { kind: 'USER_UNREGISTERED' }>;

/**
 * The commands of users. A batch resolves when its effects are committed and its answers are with Kafka; a batch that
 * comes again has no second effect and gives the same answers.
 */
@Controller()
export class RequestConsumer {
  constructor(
    private readonly commands: UserCommands,
    private readonly unregistration: Unregistration,
    private readonly log: Log,
    @Inject(Deliveries) private readonly deliveries: Pick<Deliveries, 'deliver'>,
    @Inject(BatchingProducer) private readonly producer: Pick<BatchingProducer, 'send'>,
  ) {}

  /** @throws DependencyUnavailable while answers have to wait for Kafka */
  @BatchHandler(messageRequest.name, REQUESTS)
  async handle(inbound: readonly InboundRecord[]): Promise<void> {
    // All are read before any is carried out: a record nobody can read must not repeat the others.
    const records = readRecords(inbound, messageRequest.decode);
    const announced = records.filter((record) => record.kind === 'USER_UNREGISTERED');
    // Before anyone gets an answer, so that no answer names who is gone. Their users can do nothing any more.
    // Each once: what had to wait in Kafka was announced again and again meanwhile.
    for (const record of new Map(announced.map((one) => [one.userId, one])).values()) await this.unregister(record);
    await this.runByUser(records.filter((record) => record.kind === 'COMMAND'));
  }

  /** The commands of one user in order, different users side by side. */
  private async runByUser(commands: readonly UserCommand[]): Promise<void> {
    const waiting = [...Map.groupBy(commands, (command) => command.origin.userId).entries()].values();
    const worker = async (): Promise<void> => {
      for (const [, ofOneUser] of waiting) {
        for (const command of ofOneUser) await this.tell(command.origin.request, await this.commands.run(command));
      }
    };
    await settled(Array.from({ length: USERS_AT_ONCE }, worker));
  }

  private async tell(request: string, { deliveries, notices = [], membersChanged }: Outcome): Promise<void> {
    if (membersChanged === undefined) return this.deliveries.deliver(request, deliveries, notices);
    const record: MembersChanged = { kind: 'MEMBERS_CHANGED', request, deliveries, ...membersChanged };
    await this.producer.send(messageRelay.name, { key: messageRelay.key(record), value: messageRelay.encode(record) });
  }

  /** One that has to wait for a database must not hold up everybody: the auth service announces it again. */
  private async unregister(record: Unregistered): Promise<void> {
    try {
      await this.unregistration.run(record);
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      this.log.warn({ userId: record.userId, error }, 'an account that is gone cannot be cleared away yet');
    }
  }
}
