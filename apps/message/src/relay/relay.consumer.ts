import { type MessageRelay, messageRelay } from '@parley/contracts';
import { ERROR_TEXT, type StoredMessage, UNAVAILABLE_TEXT, type UserId } from '@parley/protocol';
import { BatchHandler, type InboundRecord } from '@parley/kafka';
import { Controller } from '@nestjs/common';
import type { DeliveryBatch } from '../delivery/delivery.batch.js';
import { Deliveries } from '../delivery/deliveries.js';
import { PresenceMap } from '../presence/presence.map.js';
import { ChannelCommands } from './channel.commands.js';
import { ChannelStates } from './channel.states.js';
import { MessageStore, writeKey } from './message.store.js';
import { MessageWriter, type PendingWrite, type Written } from './message.writer.js';
import { ReadPositions } from './read.positions.js';
import { type Round, rounds } from './rounds.js';
import { RELAY } from '../transports.js';
import { EventLog } from '../events.js';

type Write = Extract<MessageRelay, { kind: 'WRITE' }>;

/**
 * The owner of the channels in its partitions. A batch resolves only when its rows are committed and its
 * notifications acknowledged by Kafka; a batch that comes again finds its rows and tells the same once more.
 */
@Controller()
export class RelayConsumer {
  constructor(
    private readonly states: ChannelStates,
    private readonly writer: MessageWriter,
    private readonly store: MessageStore,
    private readonly commands: ChannelCommands,
    private readonly reads: ReadPositions,
    private readonly presence: PresenceMap,
    private readonly deliveries: Deliveries,
    private readonly events: EventLog,
  ) {}

  @BatchHandler(messageRelay.name, RELAY)
  async handle(inbound: readonly InboundRecord[]): Promise<void> {
    const records = inbound.map(decode);
    const out = this.deliveries.batch();
    const unavailable = await this.states.load(records.map((record) => record.channelId));
    for (const record of records) if (unavailable.has(record.channelId)) turnAway(record, out);
    const judged = records.filter((record) => !unavailable.has(record.channelId));
    for (const round of rounds(judged)) await this.run(round, out);
    await this.deliveries.send(out);
  }

  /** First all writes of the round together, then the commands that follow them, channels side by side. */
  private async run(round: Round, out: DeliveryBatch): Promise<void> {
    if (round.writes.length > 0) await this.write(round.writes, out);
    await Promise.all(round.others.map((record) => this.other(record, out)));
  }

  private async write(writes: readonly Write[], out: DeliveryBatch): Promise<void> {
    const accepted: PendingWrite[] = [];
    const refused: Write[] = [];
    for (const write of writes) {
      const channel = this.states.get(write.channelId);
      if (channel?.members.has(write.origin.userId)) accepted.push({ write, channel });
      else refused.push(write);
    }
    if (refused.length > 0) await this.refuse(refused, out);
    for (const written of await this.writer.write(accepted)) this.tell(written, out);
  }

  private tell({ write, channel, seq: messageSeqId }: Written, out: DeliveryBatch): void {
    const { origin, frame } = write;
    if (messageSeqId === undefined) {
      this.events.writeGivenUp(origin, channel.id);
      out.answer(origin, { type: 'ERROR', messageType: 'WRITE_MESSAGE', message: UNAVAILABLE_TEXT.WRITE_MESSAGE });
      return;
    }
    const { userId, username } = origin;
    this.events.messageStored(origin, channel.id, messageSeqId);
    const message: StoredMessage = { channelId: channel.id, messageSeqId, username, content: frame.content };
    out.answer(origin, { type: 'WRITE_MESSAGE_ACK', serial: frame.serial, messageSeqId });
    const absent = channel.membersWithout(this.presence.viewers(channel.id));
    out.message(message, origin, absent.includes(userId) ? absent.filter((id) => id !== userId) : absent);
    this.reads.advance({ channelId: channel.id, userId, seq: messageSeqId });
  }

  /** A former member's write may be an old one that comes again: what was stored once is acknowledged for ever. */
  private async refuse(writes: readonly Write[], out: DeliveryBatch): Promise<void> {
    const existing = writes.flatMap((write) => {
      const channel = this.states.get(write.channelId);
      return channel === undefined ? [] : [{ ...keyOf(write), shard: channel.shard }];
    });
    const given = new Map<string, StoredMessage['messageSeqId']>();
    for (const [shard, keys] of Map.groupBy(existing, (key) => key.shard)) {
      for (const [key, sequence] of await this.store.given(shard, keys)) given.set(key, sequence);
    }
    for (const write of writes) {
      const messageSeqId = given.get(writeKey(keyOf(write)));
      out.answer(
        write.origin,
        messageSeqId === undefined
          ? { type: 'ERROR', messageType: 'WRITE_MESSAGE', message: ERROR_TEXT.notJoined }
          : { type: 'WRITE_MESSAGE_ACK', serial: write.frame.serial, messageSeqId },
      );
    }
  }

  private async other(record: Exclude<MessageRelay, Write>, out: DeliveryBatch): Promise<void> {
    switch (record.kind) {
      case 'COMMAND':
        return this.commands.run(record, out);
      case 'MEMBERS_CHANGED':
        return this.commands.membersChanged(record, out);
      case 'READS':
        return this.commands.read(record, out);
      case 'VIEWER_LEFT':
        return this.commands.viewerLeft(record, out);
      case 'REPLAY':
        return this.commands.replay(record, out);
    }
  }
}

function decode(inbound: InboundRecord): MessageRelay {
  const record = messageRelay.decode(inbound.value);
  // Unreadable once is unreadable for ever: the consumer sets it aside after its retries.
  if (!record.ok) throw new Error(`unreadable record: ${record.error}`);
  return record.value;
}

/** A database is away: who asked is told to try again; a change of membership only has to be passed on. */
function turnAway(record: MessageRelay, out: DeliveryBatch): void {
  if (record.kind === 'WRITE' || record.kind === 'COMMAND') {
    const messageType = record.frame.type;
    out.answer(record.origin, { type: 'ERROR', messageType, message: UNAVAILABLE_TEXT[messageType] });
  }
  if (record.kind === 'MEMBERS_CHANGED') out.deliver(record.request, record.deliveries);
}

const keyOf = (write: Write): { channelId: Write['channelId']; userId: UserId; once: number } => ({
  channelId: write.channelId,
  userId: write.origin.userId,
  once: write.once,
});
