import { inTime } from '@parley/platform';
import { type Assignment, placeOf } from './assignment.js';
import type { KafkaAdmin } from './kafka-admin.js';
import type { Log } from './kafka-handle.js';

/** What a watch sees of a member, and the one thing that it can do about it. */
export interface WatchedMember {
  readonly groupId: string;
  readonly assignment: Assignment;
  /** Kafka may still wait for it, or for its predecessor, as a member of the group. */
  readonly isKnown: boolean;
  /** Has partitions, and its heartbeats are answered. */
  ready(): boolean;
  /** For how long Kafka has not confirmed the membership, in ms. */
  silence(): number;
  /** Puts another consumer into its place. */
  replace(): void;
}

export interface MemberWatchOptions {
  member: WatchedMember;
  admin: KafkaAdmin;
  log: Log;
  sessionTimeoutMs: number;
  /** Those of the partitions of which there are records that have not been handed over, though the last ones are dealt with. */
  unread(partitions: Assignment, admin: KafkaAdmin): Promise<readonly string[]>;
}

/**
 * How often in a row, each half a session, Kafka answers others but not the consumer. While the group changes hands, Kafka
 * answers nobody who joins before it has given up those who do not. A newcomer that is replaced leaves something behind
 * that the group waits for.
 */
const STUCK_CHECKS = { settled: 2, joining: 6 };
/** After so many session timeouts of silence a consumer is replaced while Kafka answers nobody. */
const LONGEST_SILENCE_SESSIONS = 5;

/** Looks after a member twice in each session, and has it replaced when its consumer is of no use any more without knowing it. */
export class MemberWatch {
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #isLooking = false;
  #stuckChecks = 0;
  /** Partitions of which something was handed over since the last look. */
  readonly #heardOf = new Set<string>();
  /** Partitions of which records were waiting at the last look. */
  #unread: readonly string[] = [];

  constructor(private readonly options: MemberWatchOptions) {}

  start(): void {
    if (!this.#stopped) this.#timer = setInterval(() => void this.#look(), this.options.sessionTimeoutMs / 2);
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  /** The member was given its partitions: what waits there has not waited for this one yet. */
  joined(): void {
    this.#unread = [];
  }

  /** Something of it was handed over. */
  heardOf(partition: Parameters<typeof placeOf>[0]): void {
    this.#heardOf.add(placeOf(partition));
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      await this.#replaceIfStuck();
      await this.#replaceIfDeaf();
    } finally {
      this.#isLooking = false;
    }
  }

  /**
   * A connection that has gone silent stays in use in kafkajs, request after request. When the group's own broker answers
   * others but not this consumer, it is replaced; while that is away it is kept, and with it the membership, but not for
   * ever: an outage that long may have left it in a state from which it does not recover.
   */
  async #replaceIfStuck(): Promise<void> {
    const { member, admin, log, sessionTimeoutMs } = this.options;
    // By then Kafka has ended the membership, so that waiting longer would save nothing.
    if (member.silence() < sessionTimeoutMs) {
      this.#stuckChecks = 0;
      return;
    }
    const group = await admin.groupState(member.groupId).catch(() => undefined);
    this.#stuckChecks = group === undefined ? 0 : this.#stuckChecks + 1;
    // It may have come back while Kafka was asked.
    const silence = member.silence();
    if (this.#stopped || silence < sessionTimeoutMs) return;
    const enough = member.isKnown && group === 'settled' ? STUCK_CHECKS.settled : STUCK_CHECKS.joining;
    const isStuck =
      group === undefined ? silence >= sessionTimeoutMs * LONGEST_SILENCE_SESSIONS : this.#stuckChecks >= enough;
    if (!isStuck) return;
    log.error({ groupId: member.groupId, silentMs: Math.round(silence) }, 'the consumer is stuck, replacing it');
    this.#replace();
  }

  /**
   * Heartbeats say nothing of single partitions: kafkajs may ask nobody for one, or a broker that used to lead it. Records
   * that wait from one look to the next, and nobody is given, are a reason to begin anew.
   */
  async #replaceIfDeaf(): Promise<void> {
    const { member, log } = this.options;
    const heardOf = new Set(this.#heardOf);
    this.#heardOf.clear();
    if (!member.ready()) return;
    const quiet = Object.entries(member.assignment).map(([topic, partitions]): [string, readonly number[]] => [
      topic,
      partitions.filter((partition) => !heardOf.has(placeOf({ topic, partition }))),
    ]);
    const unread = await this.#unreadOf(Object.fromEntries(quiet));
    const still = unread.filter((place) => this.#unread.includes(place) && !this.#heardOf.has(place));
    this.#unread = unread;
    if (still.length === 0 || !member.ready()) return;
    log.error({ groupId: member.groupId, unread: still }, 'the consumer does not read what there is, replacing it');
    this.#replace();
  }

  /** None while Kafka cannot tell. */
  async #unreadOf(partitions: Assignment): Promise<readonly string[]> {
    const { member, admin, log, sessionTimeoutMs } = this.options;
    try {
      const unread = this.options.unread(partitions, admin);
      // kafkajs may wait for ever for a broker that died while it was asked.
      return await inTime(unread, sessionTimeoutMs / 2, 'Kafka does not say in time what there is to read');
    } catch (error) {
      log.debug({ groupId: member.groupId, error }, 'it is not known what there is to read');
      return [];
    }
  }

  #replace(): void {
    this.#stuckChecks = 0;
    this.#unread = [];
    this.options.member.replace();
  }
}
