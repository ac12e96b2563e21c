import { type BatchConsumerHooks, type InboundRecord } from '@parley/kafka';
import { messageRelay } from '@parley/contracts';
import { UNAVAILABLE_TEXT } from '@parley/protocol';
import { MessageShards, UserDatabase } from '@parley/persistence';
import { Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { ChannelModule } from '../channel/channel.module.js';
import { Deliveries } from '../delivery/deliveries.js';
import { DeliveryModule } from '../delivery/delivery.module.js';
import { EventLog } from '../events.js';
import { MessageMetrics } from '../message.metrics.js';
import { UserModule } from '../user/user.module.js';
import { ChannelCommands } from './channel.commands.js';
import { ChannelStates } from './channel-states.js';
import { CursorAudit } from './cursor-audit.js';
import { EarlyViewers } from './early-viewers.js';
import { History } from './history.js';
import { MessageStore } from './message-store.js';
import { MessageWriter } from './message-writer.js';
import { ReadPositions } from './read-positions.js';
import { RelayConsumer } from './relay.consumer.js';
import { Unseen } from './unseen.js';

/** What the consumer of the relay does besides handing over batches. */
@Injectable()
export class RelayHooks implements Required<BatchConsumerHooks> {
  constructor(
    private readonly states: ChannelStates,
    private readonly early: EarlyViewers,
    private readonly reads: ReadPositions,
    private readonly deliveries: Deliveries,
    private readonly events: EventLog,
  ) {}

  onAssigned(): void {
    this.states.clear();
    this.early.begin(performance.now());
  }

  onRevoked(): void {
    this.states.clear();
  }

  beforeCommit(): Promise<void> {
    return this.reads.store();
  }

  /** Whoever sent a record that nobody can handle learns that it failed. */
  async onDeadLetter(inbound: InboundRecord, reason: string): Promise<void> {
    this.events.setAside(inbound.topic, reason);
    const record = messageRelay.decode(inbound.value);
    if (!record.ok || (record.value.kind !== 'WRITE' && record.value.kind !== 'COMMAND')) return;
    const { origin, frame } = record.value;
    const batch = this.deliveries.batch();
    batch.answer(origin, { type: 'ERROR', messageType: frame.type, message: UNAVAILABLE_TEXT[frame.type] });
    await this.deliveries.send(batch);
  }
}

/** A new source may lack what the old one had acknowledged last, so nothing is taken for known any more. */
@Injectable()
class SourceWatch implements OnModuleInit {
  constructor(
    private readonly shards: MessageShards,
    private readonly users: UserDatabase,
    private readonly states: ChannelStates,
  ) {}

  onModuleInit(): void {
    this.shards.onSourceChanged = (shard) => this.states.doubt(shard);
    this.users.onSourceChanged = () => this.states.doubtMembers();
  }
}

@Module({
  imports: [ChannelModule, UserModule, DeliveryModule],
  controllers: [RelayConsumer],
  providers: [
    ChannelCommands,
    ChannelStates,
    CursorAudit,
    EarlyViewers,
    MessageMetrics,
    History,
    MessageStore,
    MessageWriter,
    ReadPositions,
    RelayHooks,
    SourceWatch,
    Unseen,
  ],
  exports: [RelayHooks],
})
export class RelayModule {}
