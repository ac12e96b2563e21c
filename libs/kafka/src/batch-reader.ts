import { inTime } from '@parley/platform';
import type { EachBatchPayload } from 'kafkajs';
import { type Assignment, placeOf } from './assignment.js';
import type { BatchConsumerHooks } from './batch-consumer-hooks.js';
import { type BatchWork, WorkAbandoned } from './batch-work.js';
import { GroupMember } from './group-member.js';
import type { KafkaAdmin } from './kafka-admin.js';
import { mustRejoin } from './kafka-errors.js';
import type { KafkaHandle, Log } from './kafka-handle.js';
import { Lane } from './lane.js';
import { OffsetLedger } from './offset-ledger.js';
import { toInbound } from './records.js';

export interface BatchReaderOptions {
  kafka: KafkaHandle;
  groupId: string;
  topics: readonly string[];
  startFrom: 'earliest' | 'latest';
  commitIntervalMs: number;
  mergePartitions: boolean;
  sessionTimeoutMs: number;
  log: Log;
  workOn(topic: string): Pick<BatchWork, 'begin' | 'run'>;
  hooks: BatchConsumerHooks;
}

const FINISH_PATIENCE_MS = 8_000;
/** Kafka answers sooner or not at all: on behalf of a consumer that was replaced, kafkajs would go on trying for ever. */
const COMMIT_PATIENCE_MS = 4_000;
/** More partitions of one fetch than this are not merged into one call; it costs a little for each fetch. */
const CONCURRENCY = 32;

/** Reads as a member of a consumer group; commits what is done on a timer, before partitions change hands, and at the end. */
export class BatchReader {
  readonly #member: GroupMember;
  readonly #ledger = new OffsetLedger();
  /** Of this generation: what an earlier one has left in its lanes is given up there. */
  #lanes = new Map<string, Lane>();
  /** Fires when the partitions of this generation are given up. */
  #abandon = new AbortController();
  #generation = 0;
  /** Why the group must be joined again. kafkajs does that once it is thrown to it, after the work at hand. */
  #rejoin: Error | undefined;
  /** The partitions of this generation; undefined while there are none. */
  #assignment: Assignment | undefined;
  #closing = false;
  #hooks: Promise<void> = Promise.resolve();
  #commitTimer: NodeJS.Timeout | undefined;
  #committing: Promise<void> | undefined;
  #latest: EachBatchPayload | undefined;
  /** A new group's starting points, by topic: committed at once, so that nobody has to find "the end" a second time. */
  #startingPoints = new Map<string, ReadonlyMap<number, bigint>>();

  constructor(private readonly options: BatchReaderOptions) {
    this.#member = new GroupMember({
      ...options,
      groupId: () => options.groupId,
      concurrency: CONCURRENCY,
      eachBatch: (payload) => this.#onBatch(payload),
      onJoined: (assignment) => this.#onJoined(assignment),
      onLeft: () => this.#onLeft(),
      unread: (partitions, admin) => this.#unread(partitions, admin),
    });
  }

  async start(admin: KafkaAdmin): Promise<void> {
    if (this.options.startFrom === 'latest') await this.#findEnds(admin);
    await this.#member.start();
    this.#commitTimer = setInterval(() => void this.#commit(), this.options.commitIntervalMs);
  }

  ready(): boolean {
    return !this.#closing && this.#member.ready();
  }

  /** Finishes the batch at hand, commits, and leaves the group. Work that is failing is left to the next reader. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    clearInterval(this.#commitTimer);
    this.#member.pause();
    this.#abandon.abort();
    await inTime(this.#lanesIdle(), FINISH_PATIENCE_MS, 'the work at hand takes too long').catch(() => undefined);
    await this.#commit();
    await this.#member.stop();
    this.#revoke();
    await this.#hooks;
  }

  /** Returns as soon as more can be taken, so that the next records are here when the work at hand is done. */
  async #onBatch(payload: EachBatchPayload): Promise<void> {
    const { topic, partition, messages } = payload.batch;
    const generation = this.#generation;
    const beat = setInterval(() => void this.#heartbeat(payload, generation), this.options.sessionTimeoutMs / 10);
    try {
      await this.#hooks;
      if (this.#closing || generation !== this.#generation || !this.#isMine(topic, partition)) return;
      this.#latest = payload;
      const lane = this.#laneOf(topic, partition);
      const done = lane.add(messages.flatMap((message) => toInbound(topic, partition, message)));
      payload.resolveOffset(payload.batch.lastOffset());
      void this.#markWhenDone(done, payload, generation);
      await lane.hasRoom();
      await this.#heartbeat(payload, generation);
      const rejoin = this.#rejoin;
      if (rejoin === undefined) return;
      await this.#lanesIdle();
      // The last moment at which a commit of this generation is accepted.
      await this.#commit();
      throw rejoin;
    } finally {
      clearInterval(beat);
    }
  }

  #isMine(topic: string, partition: number): boolean {
    return this.#assignment?.[topic]?.includes(partition) ?? false;
  }

  async #markWhenDone(done: Promise<void>, { batch }: EachBatchPayload, generation: number): Promise<void> {
    try {
      await done;
      if (generation !== this.#generation) return;
      this.#ledger.mark(batch.topic, batch.partition, BigInt(batch.lastOffset()) + 1n);
    } catch (error) {
      if (error instanceof WorkAbandoned || generation !== this.#generation) return;
      this.options.log.error({ error, topic: batch.topic }, 'a batch was lost on the way, the group is joined again');
      // Nothing after it may be done, let alone committed.
      this.#rejoin = error instanceof Error ? error : new Error(String(error));
      this.#abandon.abort();
    }
  }

  #laneOf(topic: string, partition: number): Lane {
    const name = this.options.mergePartitions ? topic : `${partition} ${topic}`;
    let lane = this.#lanes.get(name);
    if (!lane) {
      const work = this.options.workOn(topic);
      const { signal } = this.#abandon;
      lane = new Lane({
        begin: (records) => work.begin(records, signal),
        insist: (records) => work.run(records, signal),
      });
      this.#lanes.set(name, lane);
    }
    return lane;
  }

  /** What is at work is not counted: it may take as long as it needs. Nor what is done and can not be committed. */
  async #unread(partitions: Assignment, admin: KafkaAdmin): Promise<readonly string[]> {
    if ([...this.#lanes.values()].some((lane) => !lane.isIdle())) return [];
    const unread: string[] = [];
    for (const [topic, numbers] of Object.entries(partitions)) {
      if (numbers.length === 0) continue;
      const committed = await admin.committedOffsets(this.options.groupId, topic);
      const ends = await admin.endOffsets(topic);
      for (const partition of numbers) {
        const end = ends.get(partition) ?? 0n;
        const next = this.#ledger.done(topic, partition) ?? committed.get(partition) ?? end;
        if (end > next) unread.push(placeOf({ topic, partition }));
      }
    }
    return unread;
  }

  async #lanesIdle(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane.idle()));
  }

  /** Sends one if it is due. A broker that is away is not the end of the membership: kafkajs finds that out by itself. */
  async #heartbeat(payload: EachBatchPayload, generation: number): Promise<void> {
    try {
      await payload.heartbeat();
    } catch (error) {
      // What is said of an earlier membership says nothing of this one.
      if (!mustRejoin(error) || generation !== this.#generation) return;
      this.#rejoin = error;
      this.#abandon.abort();
    }
  }

  #onJoined(assignment: Assignment): void {
    if (this.#assignment !== undefined) {
      this.#abandon.abort();
      this.#revoke();
    }
    this.#generation++;
    this.#assignment = assignment;
    this.#rejoin = undefined;
    this.#abandon = new AbortController();
    this.#ledger.clear();
    this.#latest = undefined;
    this.#applyStartingPoints(assignment);
    this.#runHook(() => this.options.hooks.onAssigned?.(assignment));
  }

  /** Records done but not committed by now are handled again by whoever reads them next. */
  #onLeft(): void {
    this.#abandon.abort();
    void this.#commit();
    this.#revoke();
  }

  #revoke(): void {
    if (this.#assignment === undefined) return;
    this.#assignment = undefined;
    const idle = this.#lanesIdle();
    this.#lanes = new Map();
    this.#runHook(async () => {
      await idle;
      await this.options.hooks.onRevoked?.();
    });
  }

  #runHook(hook: () => void | Promise<void>): void {
    this.#hooks = this.#hooks.then(hook).catch((error: unknown) => {
      this.options.log.error({ error, groupId: this.options.groupId }, 'a hook of the consumer failed');
    });
  }

  /** One commit at a time. Never rejects: what could not be committed is tried again with the next. */
  async #commit(): Promise<void> {
    await this.#committing;
    this.#committing ??= this.#commitOnce().finally(() => {
      this.#committing = undefined;
    });
    await this.#committing;
  }

  async #commitOnce(): Promise<void> {
    const generation = this.#generation;
    const offsets = this.#ledger.take();
    if (!offsets) return;
    try {
      await this.options.hooks.beforeCommit?.();
      // Offsets of an earlier generation could undo what the partition's new reader has committed.
      if (generation !== this.#generation) return;
      const commit = this.#latest ? this.#latest.commitOffsetsIfNecessary(offsets) : this.#member.commit(offsets);
      await inTime(commit, COMMIT_PATIENCE_MS, 'the commit was not answered in time');
    } catch (error) {
      if (generation === this.#generation) this.#ledger.putBack(offsets);
      this.options.log.debug({ error, groupId: this.options.groupId }, 'offsets could not be committed');
    }
  }

  async #findEnds(admin: KafkaAdmin): Promise<void> {
    const { groupId, topics } = this.options;
    for (const topic of topics) {
      const fresh = await admin.uncommittedPartitions(groupId, topic);
      const ends = await admin.endOffsets(topic);
      this.#startingPoints.set(topic, new Map([...ends].filter(([partition]) => fresh.has(partition))));
    }
  }

  #applyStartingPoints(assignment: Assignment): void {
    for (const [topic, points] of this.#startingPoints) {
      for (const partition of assignment[topic] ?? []) {
        const end = points.get(partition);
        if (end === undefined) continue;
        this.#member.seek(topic, partition, end);
        this.#ledger.mark(topic, partition, end);
      }
    }
    this.#startingPoints.clear();
  }
}
