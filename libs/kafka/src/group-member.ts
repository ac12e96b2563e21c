import { inTime } from '@parley/platform';
import kafkajs from 'kafkajs';
import type { Broker, Cluster, Consumer, ConsumerConfig, EachBatchPayload, OffsetsByTopicPartition } from 'kafkajs';
import { KafkaAdmin } from './kafka-admin.js';
import type { KafkaHandle } from './kafka-handle.js';
import type { Lines } from './lines.js';

/** Topic name to the partitions of it that this member reads. */
export type Assignment = Readonly<Record<string, readonly number[]>>;

export interface GroupMemberOptions {
  kafka: KafkaHandle;
  /** Asked for each consumer anew: one in another group need not wait until the session of its predecessor has ended. */
  groupId(): string;
  topics: readonly string[];
  startFrom: 'earliest' | 'latest';
  sessionTimeoutMs: number;
  /** How many partitions of one fetch are handed over side by side. */
  concurrency: number;
  eachBatch(payload: EachBatchPayload): Promise<void>;
  /** Called before anything of the new assignment is fetched, so that `seek` is in time. */
  onJoined(assignment: Assignment): void;
  /** The assignment is about to change hands. */
  onLeft(): void;
  /** Those of the partitions of which there are records that have not been handed over, though the last ones are dealt with. */
  unread(partitions: Assignment, admin: KafkaAdmin): Promise<readonly string[]>;
}

/** So many that a member outlives any broker outage with its membership: a new one would wait for the old one's session to end. */
const RETRY = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 1_000_000 };
/** A fetch takes half a second at most; a broker that is silent for longer than this is taken for dead. */
const PATIENCE = { firstAnswerMs: 2_000, answerMs: 3_000 };
const RESTART_PAUSE_MS = 1_000;
const STOP_PATIENCE_MS = 5_000;
/** How often in a row, each half a session. A newcomer that is replaced leaves something behind that the group waits for. */
const STUCK_CHECKS = { member: 2, newcomer: 6 };
/** kafkajs is not told that another broker leads a partition: one that used to lead it goes on answering, late or with nothing. */
const METADATA_AGE_MS = 5_000;
/** After so many session timeouts of silence a consumer is replaced even though Kafka answers nobody. */
const LONGEST_SILENCE_SESSIONS = 5;

/** What Kafka knows a consumer by. */
interface Membership {
  readonly groupId: string;
  readonly memberId: string;
}

/** What kafkajs 2.2.4 does not tell of a broker in its types. */
type Coordinator = Broker & { leaveGroup(membership: Membership): Promise<unknown> };

/** One kafkajs consumer that is kept alive: whatever ends it, it is built again until `stop`. */
export class GroupMember {
  #consumer: Consumer | undefined;
  #groupId = '';
  #membership: Membership | undefined;
  #lines: Lines | undefined;
  #stopped = false;
  #joined = false;
  /** When Kafka last confirmed the membership. */
  #lastSign = 0;
  #watch: NodeJS.Timeout | undefined;
  #isLooking = false;
  #stuckChecks = 0;
  #assignment: Assignment = {};
  /** Partitions of which something was handed over since the last look. */
  readonly #heardOf = new Set<string>();
  /** Partitions of which records were waiting at the last look. */
  #unread: readonly string[] = [];
  #restarts = 0;
  readonly #admin: KafkaAdmin;
  readonly #firstJoin = Promise.withResolvers<void>();

  constructor(private readonly options: GroupMemberOptions) {
    this.#admin = new KafkaAdmin(options.kafka);
  }

  /** Resolves once the member has its partitions, however long Kafka takes to answer. */
  async start(): Promise<void> {
    await this.#run();
    await this.#firstJoin.promise;
    if (!this.#stopped) this.#watch = setInterval(() => void this.#look(), this.options.sessionTimeoutMs / 2);
  }

  async #run(): Promise<void> {
    const { kafka, topics, startFrom, sessionTimeoutMs, concurrency } = this.options;
    const groupId = this.options.groupId();
    // Whatever became of the one before: from here on there is one member, and what it is given is given to this one.
    this.#lines?.cut();
    const lines = kafka.lines(PATIENCE);
    this.#lines = lines;
    this.#groupId = groupId;
    const way: { cluster?: Cluster } = {};
    const config = consumerConfig(groupId, sessionTimeoutMs, (cluster) => (way.cluster = cluster));
    const consumer = kafka.client({ retry: RETRY, lines }).consumer(config);
    this.#consumer = consumer;
    this.#observe(consumer, groupId);
    try {
      await consumer.connect();
      await this.#dismissPredecessor(groupId, way.cluster);
      await consumer.subscribe({ topics: [...topics], fromBeginning: startFrom === 'earliest' });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: concurrency,
        eachBatch: async (payload) => {
          // One that was replaced goes on handing over what it has fetched: out of turn, as its successor begins before that.
          if (this.#consumer !== consumer) return;
          this.#heardOf.add(placeOf(payload.batch));
          await this.options.eachBatch(payload);
        },
      });
    } catch (error) {
      await consumer.disconnect().catch(() => undefined);
      throw error;
    }
  }

  /** The group would wait for it, until its session has ended; it can neither fetch nor commit any more. */
  async #dismissPredecessor(groupId: string, cluster: Cluster | undefined): Promise<void> {
    const predecessor = this.#membership;
    if (predecessor?.groupId !== groupId || cluster === undefined) return;
    const coordinator = (await cluster.findGroupCoordinator({ groupId })) as Coordinator;
    this.#membership = undefined;
    // Kafka may have taken it out already.
    await coordinator.leaveGroup(predecessor).catch((error: unknown) => {
      this.#log.debug({ groupId, error }, 'a predecessor was not taken out of the group');
    });
  }

  /** Of the consumer that reads now. */
  get groupId(): string {
    return this.#groupId;
  }

  /** Has partitions, and its heartbeats are answered. */
  ready(): boolean {
    return this.#joined && this.#silence() < this.options.sessionTimeoutMs;
  }

  seek(topic: string, partition: number, offset: bigint): void {
    this.#consumer?.seek({ topic, partition, offset: String(offset) });
  }

  /** For offsets of partitions of which no batch has come yet; with a batch at hand, its own way to commit fails faster. */
  async commit({ topics }: OffsetsByTopicPartition): Promise<void> {
    await this.#consumer?.commitOffsets(
      topics.flatMap(({ topic, partitions }) => partitions.map((next) => ({ topic, ...next }))),
    );
  }

  /** Nothing more is fetched. */
  pause(): void {
    if (this.#joined) this.#consumer?.pause(this.options.topics.map((topic) => ({ topic })));
  }

  /** Leaves the group, so that others take over at once instead of after the session timeout. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#watch);
    this.#joined = false;
    this.#firstJoin.resolve();
    const consumer = this.#consumer;
    if (!consumer) return;
    await inTime(consumer.disconnect(), STOP_PATIENCE_MS, 'Kafka does not answer in time').catch((error: unknown) =>
      this.#log.warn({ error }, 'leaving the consumer group failed'),
    );
    this.#lines?.cut();
  }

  get #log() {
    return this.options.kafka.log;
  }

  #observe(consumer: Consumer, groupId: string): void {
    const isCurrent = () => this.#consumer === consumer && !this.#stopped;
    // Heartbeats of one that has to join again and does not are no sign of life: nothing is fetched meanwhile.
    const alive = () => {
      if (isCurrent() && this.#joined) this.#lastSign = performance.now();
    };
    consumer.on(consumer.events.HEARTBEAT, alive);
    consumer.on(consumer.events.GROUP_JOIN, ({ payload: { memberAssignment, memberId } }) => {
      if (!isCurrent()) return;
      this.#joined = true;
      this.#membership = { groupId, memberId };
      this.#assignment = memberAssignment;
      this.#unread = [];
      alive();
      this.#log.info({ groupId, assignment: memberAssignment }, 'joined the consumer group');
      this.options.onJoined(memberAssignment);
      this.#firstJoin.resolve();
    });
    consumer.on(consumer.events.REBALANCING, () => {
      if (!isCurrent()) return;
      this.#joined = false;
      this.options.onLeft();
    });
    consumer.on(consumer.events.CRASH, ({ payload: { error } }) => {
      if (!isCurrent()) return;
      this.#joined = false;
      this.options.onLeft();
      this.#log.error({ groupId, error }, 'the consumer stopped, starting it again');
      void this.#restart();
    });
  }

  #silence(): number {
    return performance.now() - this.#lastSign;
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
   * Heartbeats say nothing of single partitions: kafkajs may ask nobody for one, or a broker that used to lead it. Records
   * that wait from one look to the next, and nobody is given, are a reason to begin anew.
   */
  async #replaceIfDeaf(): Promise<void> {
    const heardOf = new Set(this.#heardOf);
    this.#heardOf.clear();
    if (!this.ready()) return;
    const quiet = Object.entries(this.#assignment).map(([topic, partitions]): [string, readonly number[]] => [
      topic,
      partitions.filter((partition) => !heardOf.has(placeOf({ topic, partition }))),
    ]);
    const unread = await this.#unreadOf(Object.fromEntries(quiet));
    const still = unread.filter((place) => this.#unread.includes(place) && !this.#heardOf.has(place));
    this.#unread = unread;
    if (still.length === 0 || !this.ready()) return;
    this.#log.error(
      { groupId: this.#groupId, unread: still },
      'the consumer does not read what there is, replacing it',
    );
    this.#replace();
  }

  /** None while Kafka cannot tell. */
  async #unreadOf(partitions: Assignment): Promise<readonly string[]> {
    try {
      const unread = this.options.unread(partitions, this.#admin);
      // kafkajs may wait for ever for a broker that died while it was asked.
      return await inTime(
        unread,
        this.options.sessionTimeoutMs / 2,
        'Kafka does not say in time what there is to read',
      );
    } catch (error) {
      this.#log.debug({ groupId: this.#groupId, error }, 'it is not known what there is to read');
      return [];
    }
  }

  /**
   * A connection that has gone silent stays in use in kafkajs, request after request. When the group's own broker answers
   * others but not this consumer, it is replaced; while that is away it is kept, and with it the membership, but not for
   * ever: an outage that long may have left it in a state from which it does not recover.
   */
  async #replaceIfStuck(): Promise<void> {
    const { sessionTimeoutMs } = this.options;
    // By then Kafka has ended the membership, so that waiting longer would save nothing.
    if (this.#silence() < sessionTimeoutMs) {
      this.#stuckChecks = 0;
      return;
    }
    const answers = await this.#admin.pingGroup(this.#groupId).then(
      () => true,
      () => false,
    );
    this.#stuckChecks = answers ? this.#stuckChecks + 1 : 0;
    // It may have come back while Kafka was asked.
    const silence = this.#silence();
    if (this.#stopped || silence < sessionTimeoutMs) return;
    const enough = this.#membership ? STUCK_CHECKS.member : STUCK_CHECKS.newcomer;
    if (this.#stuckChecks < enough && silence < sessionTimeoutMs * LONGEST_SILENCE_SESSIONS) return;
    this.#log.error({ groupId: this.#groupId, silentMs: Math.round(silence) }, 'the consumer is stuck, replacing it');
    this.#replace();
  }

  #replace(): void {
    this.#stuckChecks = 0;
    this.#unread = [];
    this.#joined = false;
    this.#lastSign = performance.now();
    this.options.onLeft();
    // It is not told to stop: kafkajs 2.2.4, stopped while it changes over to other brokers, fetches from then on without
    // asking Kafka, in a loop that leaves nothing else of the process a turn.
    this.#lines?.cut();
    void this.#restart();
  }

  /** A restart that is begun later takes the place of one that is still trying. */
  async #restart(): Promise<void> {
    const restart = ++this.#restarts;
    this.#consumer = undefined;
    const isWanted = () => !this.#stopped && restart === this.#restarts;
    while (isWanted()) {
      await new Promise((resolve) => setTimeout(resolve, RESTART_PAUSE_MS));
      if (!isWanted()) return;
      try {
        await this.#run();
        return;
      } catch (error) {
        this.#log.error({ groupId: this.#groupId, error }, 'the consumer cannot be started yet');
      }
    }
  }
}

/** As in `unread`. */
export const placeOf = ({ topic, partition }: { topic: string; partition: number }): string => `${topic} ${partition}`;

function consumerConfig(
  groupId: string,
  sessionTimeoutMs: number,
  onCluster: (cluster: Cluster) => void,
): ConsumerConfig {
  return {
    groupId,
    partitionAssigners: [
      // kafkajs shows its way to the brokers to those who assign partitions, and to nobody else.
      (given) => {
        onCluster(given.cluster);
        return kafkajs.PartitionAssigners.roundRobin(given);
      },
    ],
    sessionTimeout: sessionTimeoutMs,
    heartbeatInterval: Math.floor(sessionTimeoutMs / 5),
    rebalanceTimeout: 30_000,
    // A fetch returns with the first record; an empty one waits this long. Asking more often costs all processes CPU
    // that nobody gains from; waiting longer holds up commits and leaving, which wait for the fetch under way.
    maxWaitTimeInMs: 500,
    minBytes: 1,
    metadataMaxAge: METADATA_AGE_MS,
    allowAutoTopicCreation: false,
    // Restarting is done here: kafkajs would give up on errors that it does not expect.
    retry: { ...RETRY, restartOnFailure: () => Promise.resolve(false) },
  };
}
