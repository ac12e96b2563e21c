import type { Write } from '@parley/contracts';
import { ChannelState, ChannelStates } from '@parley/message/relay/channel-states';
import type { MessageStore } from '@parley/message/relay/message-store';
import { MessageWriter, type PendingWrite } from '@parley/message/relay/message-writer';
import { channelId, type ChannelId, seq, userId, type UserId } from '@parley/protocol';
import { cpuOf } from '../cpu.ts';

const CHANNELS = 50;
const MEMBERS = 10;
const MESSAGES = 40_000;

const ids = Array.from({ length: CHANNELS }, (_, index) => channelId(index + 1));
const membersOf = (id: ChannelId): UserId[] =>
  Array.from({ length: MEMBERS }, (_, index) => userId((id - 1) * MEMBERS + index + 1));
const rowOf = (id: ChannelId) => ({
  title: 'a channel',
  inviteCode: '0'.repeat(32),
  shardId: 1,
  headCount: MEMBERS,
  members: new Set(membersOf(id)),
});

/** Batches as they come from Kafka: messages of all channels and all their members, none of them twice. */
class Messages {
  #next = 0;

  batches(size: number): Write[][] {
    return Array.from({ length: Math.max(1, Math.floor(MESSAGES / size)) }, () =>
      Array.from({ length: size }, () => this.#message()),
    );
  }

  #message(): Write {
    const number = (this.#next += 1);
    const id = channelId((number % CHANNELS) + 1);
    const member = Math.floor(number / CHANNELS) % MEMBERS;
    const author = userId((id - 1) * MEMBERS + member + 1);
    return {
      kind: 'WRITE',
      channelId: id,
      origin: { userId: author, username: 'someone', server: '1', connection: `1-${author}`, request: `1-${number}` },
      once: number,
      frame: { type: 'WRITE_MESSAGE', serial: null, channelId: id, content: 'x'.repeat(200) },
    };
  }
}

/** CPU µs of a message with and without a step that needs no server. */
export interface StepCost {
  readonly ours: number;
  readonly bound: number;
}

/** Numbers, duplicates and rows of a batch, against a store that takes everything, beside a loop that only counts. */
export async function sequencer(size: number): Promise<StepCost> {
  const messages = new Messages();
  const states = new Map(ids.map((id) => [id, new ChannelState(id, rowOf(id), seq(0))]));
  const store: Pick<MessageStore, 'insert'> = { insert: () => Promise.resolve() };
  const writer = new MessageWriter(store as MessageStore, new ChannelStates(NO_CHANNELS, NO_MESSAGES));
  const pending = (): PendingWrite[][] =>
    messages.batches(size).map((batch) =>
      batch.flatMap((write) => {
        const channel = states.get(write.channelId);
        return channel === undefined ? [] : [{ write, channel }];
      }),
    );
  const last = new Map<number, number>();
  const count = (batch: readonly PendingWrite[]): unknown =>
    batch.map(({ write, channel }) => {
      const next = (last.get(channel.id) ?? 0) + 1;
      last.set(channel.id, next);
      return { write, next };
    });
  return {
    ours: await cpuOf(pending, size, (batch) => writer.write(batch)),
    bound: await cpuOf(pending, size, count),
  };
}

/** Who may write: the channels of a batch are known, and each author is looked for, beside a loop that trusts everybody. */
export async function membership(size: number): Promise<StepCost> {
  const messages = new Messages();
  const channels = { load: async (wanted: readonly ChannelId[]) => new Map(wanted.map((id) => [id, rowOf(id)])) };
  const states = new ChannelStates(channels, NO_MESSAGES);
  await states.load(ids);
  const known = new Map(ids.map((id) => [id, states.get(id)]));
  const judge = async (batch: readonly Write[]): Promise<unknown> => {
    await states.load(batch.map((write) => write.channelId));
    const accepted: PendingWrite[] = [];
    for (const write of batch) {
      const channel = states.get(write.channelId);
      if (channel?.members.has(write.origin.userId)) accepted.push({ write, channel });
    }
    return accepted;
  };
  const trust = (batch: readonly Write[]): unknown =>
    batch.map((write) => ({ write, channel: known.get(write.channelId) }));
  return {
    ours: await cpuOf(() => messages.batches(size), size, judge),
    bound: await cpuOf(() => messages.batches(size), size, trust),
  };
}

const NO_CHANNELS = { load: async () => new Map<ChannelId, ReturnType<typeof rowOf>>() };
const NO_MESSAGES = { lastSequences: async () => new Map(), copiedLastSequences: async () => undefined };
