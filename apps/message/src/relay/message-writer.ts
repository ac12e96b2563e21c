import { setTimeout as delay } from 'node:timers/promises';
import type { Write } from '@parley/contracts';
import { seq, type Seq } from '@parley/protocol';
import { isConflict, isDuplicate, isUnavailable } from '@parley/persistence';
import { Injectable } from '@nestjs/common';
import { type ChannelState, ChannelStates } from './channel-states.js';
import { INSERT_ROWS, MessageStore, type NewMessage, writeKey } from './message-store.js';

export interface PendingWrite {
  readonly write: Write;
  readonly channel: ChannelState;
}

/** What became of a write: its sequence, or nothing while the shard is away. */
export type Written = PendingWrite & { readonly seq: Seq | undefined };

/** How long a write waits for its shard before its sender is told to try again, in ms: others wait behind it. */
const PATIENCE_MS = 1_500;
const RETRY_MS = 100;
/** A shard that has just been given up on is tried only once per write until this has passed, in ms. */
const GIVEN_UP_MS = 1_000;
/** An attempt that failed after so long was not refused but left without an answer, in ms. */
const STUCK_MS = 2_000;
const PROBE_EVERY_MS = 250;

/** Gives messages their sequences and stores them: per shard one multi-row insert, the shards side by side. */
@Injectable()
export class MessageWriter {
  private readonly givenUpUntil = new Map<number, number>();
  /** Shards that take what is to be stored and do not answer. Nothing is sent to them until a probe comes back. */
  private readonly stuck = new Set<number>();

  constructor(
    private readonly store: MessageStore,
    private readonly states: ChannelStates,
  ) {}

  /** Answers in the order of `writes`. A write that was stored before keeps its sequence. */
  async write(writes: readonly PendingWrite[]): Promise<Written[]> {
    const written = new Map<PendingWrite, Seq>();
    const byShard = Map.groupBy(writes, (pending) => pending.channel.shard);
    await Promise.all(
      [...byShard].map(async ([shard, group]) => {
        for (let start = 0; start < group.length; start += INSERT_ROWS) {
          await this.writeOnShard(shard, group.slice(start, start + INSERT_ROWS), written);
        }
      }),
    );
    return writes.map((pending) => ({ ...pending, seq: written.get(pending) }));
  }

  private async writeOnShard(
    shard: number,
    group: readonly PendingWrite[],
    written: Map<PendingWrite, Seq>,
  ): Promise<void> {
    if (this.stuck.has(shard)) return;
    const deadline = Date.now() + (this.isGivenUp(shard) ? 0 : PATIENCE_MS);
    let stored = new Map<string, Seq>();
    const inDoubt = (): boolean => group.some(({ channel }) => channel.inDoubt);
    for (let failed = false; ; failed = true) {
      const began = Date.now();
      try {
        // Memory may be trusted until something fails: after that the rows may be there all the same.
        if (failed || inDoubt()) stored = await this.reread(shard, group);
        // The shard has changed its source meanwhile.
        if (inDoubt()) continue;
        const given = await this.insert(shard, group, stored);
        for (const [pending, sequence] of given) written.set(pending, sequence);
        this.givenUpUntil.delete(shard);
        return;
      } catch (error) {
        if (isDuplicate(error) !== undefined || isConflict(error)) continue;
        if (!isUnavailable(error)) {
          this.states.forget(group.map((pending) => pending.channel.id));
          throw error;
        }
        if (Date.now() - began >= STUCK_MS) void this.probe(shard);
        if (Date.now() >= deadline) break;
        await delay(RETRY_MS);
      }
    }
    this.givenUpUntil.set(shard, Date.now() + GIVEN_UP_MS);
    for (const { channel } of group) channel.inDoubt = true;
  }

  private async insert(
    shard: number,
    group: readonly PendingWrite[],
    stored: ReadonlyMap<string, Seq>,
  ): Promise<Map<PendingWrite, Seq>> {
    const given = new Map<PendingWrite, Seq>();
    const fresh = new Map<string, NewMessage>();
    const next = new Map<ChannelState, number>();
    for (const pending of group) {
      const { channel, write } = pending;
      const { userId } = write.origin;
      const key = writeKey({ channelId: channel.id, userId, once: write.once });
      const known = channel.remembered(userId, write.once) ?? stored.get(key) ?? fresh.get(key)?.seq;
      if (known !== undefined) {
        given.set(pending, known);
        continue;
      }
      const sequence = seq((next.get(channel) ?? channel.lastSeq) + 1);
      next.set(channel, sequence);
      fresh.set(key, { channelId: channel.id, seq: sequence, userId, once: write.once, content: write.frame.content });
      given.set(pending, sequence);
    }
    if (fresh.size > 0) await this.store.insert(shard, [...fresh.values()]);
    for (const [channel, last] of next) channel.lastSeq = seq(last);
    for (const [{ channel, write }, sequence] of given) channel.remember(write.origin.userId, write.once, sequence);
    return given;
  }

  /** What the shard says: sequences already given to these writes, and where each channel ends. */
  private async reread(shard: number, group: readonly PendingWrite[]): Promise<Map<string, Seq>> {
    const channels = [...new Set(group.map((pending) => pending.channel))];
    for (const channel of channels) channel.inDoubt = false;
    const last = await this.store.lastSequences(
      shard,
      channels.map((channel) => channel.id),
    );
    for (const channel of channels) {
      channel.lastSeq = last.get(channel.id) ?? seq(0);
      channel.forgetWrites();
    }
    return this.store.given(
      shard,
      group.map(({ channel, write }) => ({ channelId: channel.id, userId: write.origin.userId, once: write.once })),
    );
  }

  private async probe(shard: number): Promise<void> {
    if (this.stuck.has(shard)) return;
    this.stuck.add(shard);
    while (!(await this.store.probe(shard).then(yes, no))) await delay(PROBE_EVERY_MS, undefined, { ref: false });
    this.stuck.delete(shard);
  }

  private isGivenUp(shard: number): boolean {
    return (this.givenUpUntil.get(shard) ?? 0) > Date.now();
  }
}

const yes = (): boolean => true;
const no = (): boolean => false;
