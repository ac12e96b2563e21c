import { type MessageRelay, messageRelay } from '@parley/contracts';
import { ERROR_TEXT, type Seq, type StoredMessage, UNAVAILABLE_TEXT, type UserId } from '@parley/protocol';
import { BatchHandler, type InboundRecord, type OnTheWay, readRecords } from '@parley/kafka';
import { unlessUnavailable } from '@parley/persistence';
import { Controller } from '@nestjs/common';
import type { DeliveryBatch } from '../delivery/delivery-batch.js';
import { Deliveries } from '../delivery/deliveries.js';
import { PresenceMap } from '../presence/presence-map.js';
import { ChannelCommands } from './channel.commands.js';
import { ChannelStates } from './channel-states.js';
import { EarlyViewers } from './early-viewers.js';
import { MessageStore, writeKey } from './message-store.js';
import { MessageWriter, type PendingWrite, type Written } from './message-writer.js';
import { ReadPositions } from './read-positions.js';
import { type Round, rounds } from './rounds.js';
import { Unseen } from './unseen.js';
import { settled } from '../settled.js';
import { RELAY } from '../transports.js';
import { EventLog } from '../events.js';

type Write = Extract<MessageRelay, { kind: 'WRITE' }>;

/** Of a long backlog, no more records are worked on together than this: the first senders need not wait for the last. */
const MOST_AT_ONCE = 1_000;

/**
 * The owner of the channels in its partitions. A batch is done only when its rows are committed and its notifications
 * acknowledged by Kafka; a batch that comes again finds its rows and tells the same once more. The next one may begin
 * when the rows are committed: the producer keeps the order of what is told.
 */
@Controller()
export class RelayConsumer {
  constructor(
    private readonly states: ChannelStates,
    private readonly writer: MessageWriter,
    private readonly store: MessageStore,
    private readonly commands: ChannelCommands,
    private readonly reads: ReadPositions,
    private readonly unseen: Unseen,
    private readonly presence: PresenceMap,
    private readonly early: EarlyViewers,
    private readonly deliveries: Deliveries,
    private readonly events: EventLog,
  ) {}

  @BatchHandler(messageRelay.name, RELAY)
  async handle(inbound: readonly InboundRecord[]): Promise<OnTheWay> {
    const records = readRecords(inbound, messageRelay.decode);
    const sent: Promise<void>[] = [];
    const tell = (out: DeliveryBatch): void => {
      const sending = this.deliveries.send(out);
      sent.push(sending);
      // Its failure is that of the batch, in the end; until then it is not one that nobody takes care of.
      sending.catch(() => undefined);
    };
    for (let start = 0; start < records.length; start += MOST_AT_ONCE) {
      await this.work(records.slice(start, start + MOST_AT_ONCE), tell);
    }
    return { settled: Promise.all(sent).then(() => undefined) };
  }

  /** The channels of each shard by themselves: those on one that answers slowly hold up nobody else's answers. */
  private async work(records: readonly MessageRelay[], tell: (out: DeliveryBatch) => void): Promise<void> {
    const turnedAway = this.deliveries.batch();
    const known = await this.knowing(records, turnedAway);
    tell(turnedAway);
    const byShard = Map.groupBy(known, (record) => this.states.get(record.channelId)?.shard);
    await settled(
      [...byShard.values()].map(async (ofShard) => {
        const out = this.deliveries.batch();
        for (const round of rounds(ofShard)) await this.run(round, out);
        tell(out);
      }),
    );
  }

  /** First all writes of the round together, then the commands that follow them, channels side by side. */
  private async run(round: Round, out: DeliveryBatch): Promise<void> {
    if (round.writes.length > 0) await this.write(await this.knowing(round.writes, out), out);
    const others = await this.knowing(round.others, out);
    await settled(others.map((record) => this.other(record, out)));
  }

  /**
   * Sees to it that the channels of these records are known, and returns the records that can be judged. Asked
   * before every step, because a step whose database is away leaves its channels unknown.
   */
  private async knowing<R extends MessageRelay>(records: readonly R[], out: DeliveryBatch): Promise<R[]> {
    const unavailable = await this.states.load(records.map((record) => record.channelId));
    for (const record of records) if (unavailable.has(record.channelId)) this.turnAway(record, out);
    return records.filter((record) => !unavailable.has(record.channelId));
  }

  private async write(writes: readonly Write[], out: DeliveryBatch): Promise<void> {
    const accepted: PendingWrite[] = [];
    const refused: Write[] = [];
    for (const write of writes) {
      const channel = this.states.get(write.channelId);
      if (channel?.members.has(write.origin.userId)) accepted.push({ write, channel });
      else refused.push(write);
    }
    const [written] = await settled([this.writer.write(accepted), this.refuse(refused, out)]);
    for (const each of written) this.tell(each, out);
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
    this.early.tell(channel.id, messageSeqId);
    out.message(message, origin, absent.includes(userId) ? absent.filter((id) => id !== userId) : absent);
    if (write.blind !== true) this.reads.advance({ channelId: channel.id, userId, seq: messageSeqId });
  }

  /**
   * A former member's write may be an old one that comes again: what was stored once is acknowledged and told for ever.
   */
  private async refuse(writes: readonly Write[], out: DeliveryBatch): Promise<void> {
    const existing = writes.flatMap((write) => {
      const channel = this.states.get(write.channelId);
      return channel === undefined ? [] : [{ ...keyOf(write), shard: channel.shard }];
    });
    const given = new Map<string, Seq>();
    const undecided = new Set<string>();
    for (const [shard, keys] of Map.groupBy(existing, (key) => key.shard)) {
      const found = await unlessUnavailable(this.store.given(shard, keys));
      if (found === undefined) for (const key of keys) undecided.add(writeKey(key));
      else for (const [key, sequence] of found) given.set(key, sequence);
    }
    for (const write of writes) {
      const key = writeKey(keyOf(write));
      const channel = this.states.get(write.channelId);
      const sequence = given.get(key);
      if (channel !== undefined && sequence !== undefined) {
        this.tell({ write, channel, seq: sequence }, out);
      } else {
        const message = undecided.has(key) ? UNAVAILABLE_TEXT.WRITE_MESSAGE : ERROR_TEXT.notJoined;
        out.answer(write.origin, { type: 'ERROR', messageType: 'WRITE_MESSAGE', message });
      }
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

  /** A database is away: who asked is told to try again, what nobody waits for is passed on or made up for later. */
  private turnAway(record: MessageRelay, out: DeliveryBatch): void {
    switch (record.kind) {
      case 'WRITE':
      case 'COMMAND': {
        const messageType = record.frame.type;
        out.answer(record.origin, { type: 'ERROR', messageType, message: UNAVAILABLE_TEXT[messageType] });
        return;
      }
      case 'MEMBERS_CHANGED':
        for (const userId of record.gone) out.memberGone(record.channelId, userId);
        out.deliver(record.request, record.deliveries);
        return;
      case 'VIEWER_LEFT':
        this.commands.leave(record);
        this.unseen.owe(record);
        return;
      case 'READS':
      case 'REPLAY':
      // The next position takes in this one, and the connection server asks again.
    }
  }
}

const keyOf = (write: Write): { channelId: Write['channelId']; userId: UserId; once: number } => ({
  channelId: write.channelId,
  userId: write.origin.userId,
  once: write.once,
});
