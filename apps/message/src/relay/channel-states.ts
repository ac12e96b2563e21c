import { type ChannelId, seq, type Seq, type UserId } from '@parley/protocol';
import { Inject, Injectable } from '@nestjs/common';
import { unlessUnavailable } from '@parley/persistence';
import { ChannelRepository, type ChannelRow } from '../channel/channel.repository.js';
import { MessageStore } from './message-store.js';

/** How many recent writes of a channel are remembered, so that the usual retry needs no query. The unique key decides. */
const REMEMBERED_WRITES = 64;
/** Channels kept in memory; the one unused for longest goes first. */
const KEPT_CHANNELS = 20_000;

/** What the owner of a channel knows about it. Only the consumer of the channel's partition may touch it. */
export class ChannelState {
  readonly title: string;
  readonly inviteCode: string;
  readonly shard: number;
  readonly members: Set<UserId>;
  /** The end of the channel may be further than known, because its shard is away: enough to read, not to write. */
  inDoubt = false;
  /** Somebody may have left, or the members may be those of before: they are read again as soon as that can be done. */
  membersInDoubt = false;
  private readonly recent = new Map<string, Seq>();
  private absent: { viewers: object; version: number; users: UserId[] } | undefined;

  constructor(
    readonly id: ChannelId,
    row: ChannelRow,
    /** Highest stored sequence; 0 before the first message. */
    public lastSeq: Seq,
  ) {
    this.title = row.title;
    this.inviteCode = row.inviteCode;
    this.shard = row.shardId;
    this.members = row.members;
  }

  /** What was given may not be stored any more. */
  forgetWrites(): void {
    this.recent.clear();
  }

  remember(userId: UserId, once: number, given: Seq): void {
    this.recent.set(`${userId}:${once}`, given);
    if (this.recent.size <= REMEMBERED_WRITES) return;
    for (const oldest of this.recent.keys()) {
      this.recent.delete(oldest);
      return;
    }
  }

  remembered(userId: UserId, once: number): Seq | undefined {
    return this.recent.get(`${userId}:${once}`);
  }

  join(userId: UserId): void {
    this.members.add(userId);
    this.absent = undefined;
  }

  quit(userId: UserId): void {
    this.members.delete(userId);
    this.absent = undefined;
  }

  /** Members who do not see the channel now; computed anew only when members or viewers have changed. */
  membersWithout(viewers: {
    readonly version: number;
    readonly users: ReadonlyMap<UserId, number>;
  }): readonly UserId[] {
    if (this.absent?.viewers !== viewers || this.absent.version !== viewers.version) {
      const users = [...this.members].filter((userId) => !viewers.users.has(userId));
      this.absent = { viewers, version: viewers.version, users };
    }
    return this.absent.users;
  }
}

/** The channels of the partitions this instance owns, loaded at first sight. */
@Injectable()
export class ChannelStates {
  private readonly states = new Map<ChannelId, ChannelState>();

  constructor(
    @Inject(ChannelRepository) private readonly channels: Pick<ChannelRepository, 'load'>,
    @Inject(MessageStore) private readonly messages: Pick<MessageStore, 'lastSequences' | 'copiedLastSequences'>,
  ) {}

  /**
   * Loads what is missing or in doubt; a channel that does not exist has no state. Returns the channels that cannot be
   * judged now because a database is away: other channels are not held up by it.
   */
  async load(ids: readonly ChannelId[]): Promise<ReadonlySet<ChannelId>> {
    const missing = [...new Set(ids)].filter((id) => !this.touch(id));
    if (missing.length === 0) return NONE;
    const rows = await unlessUnavailable(this.channels.load(missing));
    const unavailable = new Set<ChannelId>();
    if (rows === undefined) {
      for (const id of missing) if (!this.states.has(id)) unavailable.add(id);
      return unavailable;
    }
    const byShard = Map.groupBy(rows, ([, row]) => row.shardId);
    await Promise.all([...byShard].map(([shard, group]) => this.loadFrom(shard, group, unavailable)));
    for (const oldest of this.states.keys()) {
      if (this.states.size <= Math.max(KEPT_CHANNELS, ids.length)) break;
      this.states.delete(oldest);
    }
    return unavailable;
  }

  /** While the shard's source is away, what is in memory or on its replica is good enough to read. */
  private async loadFrom(
    shard: number,
    group: readonly (readonly [ChannelId, ChannelRow])[],
    unavailable: Set<ChannelId>,
  ): Promise<void> {
    const ids = group.map(([id]) => id);
    const last = await unlessUnavailable(this.messages.lastSequences(shard, ids));
    const known = last ?? (await this.messages.copiedLastSequences(shard, ids));
    for (const [id, row] of group) {
      if (last === undefined && this.states.has(id)) continue;
      if (known === undefined) {
        unavailable.add(id);
        continue;
      }
      const state = new ChannelState(id, row, known.get(id) ?? seq(0));
      state.inDoubt = last === undefined;
      this.states.set(id, state);
    }
  }

  get(id: ChannelId): ChannelState | undefined {
    return this.states.get(id);
  }

  /**
   * What is stored of a channel that somebody else may own. Nothing of it is kept.
   * @throws while a database is away
   */
  async read(id: ChannelId): Promise<ChannelState | undefined> {
    const row = (await this.channels.load([id])).get(id);
    if (row === undefined) return undefined;
    const last = await this.messages.lastSequences(row.shardId, [id]);
    return new ChannelState(id, row, last.get(id) ?? seq(0));
  }

  /** After any doubt: what is stored decides, at the next sight. */
  forget(ids: Iterable<ChannelId>): void {
    for (const id of ids) this.states.delete(id);
  }

  /** Another server has become the source of the user database, and may not have every change that was acknowledged. */
  doubtMembers(): void {
    for (const state of this.states.values()) state.membersInDoubt = true;
  }

  /** Another server has become the source of a shard, and may not have everything that was acknowledged before. */
  doubt(shard: number): void {
    for (const state of this.states.values()) if (state.shard === shard) state.inDoubt = true;
  }

  /** The partitions have moved: others may change these channels from now on. */
  clear(): void {
    this.states.clear();
  }

  /** Whether the channel is known well enough. */
  private touch(id: ChannelId): boolean {
    const state = this.states.get(id);
    if (state === undefined) return false;
    this.states.delete(id);
    this.states.set(id, state);
    return !state.inDoubt && !state.membersInDoubt;
  }
}

const NONE: ReadonlySet<ChannelId> = new Set();
