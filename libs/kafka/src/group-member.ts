import { inTime } from '@parley/platform';
import kafkajs from 'kafkajs';
import type { Broker, Cluster, Consumer, ConsumerConfig, EachBatchPayload, OffsetsByTopicPartition } from 'kafkajs';
import type { Assignment } from './assignment.js';
import { KafkaAdmin } from './kafka-admin.js';
import type { KafkaHandle } from './kafka-handle.js';
import type { Lines } from './lines.js';
import { MemberWatch, type MemberWatchOptions, type WatchedMember } from './member-watch.js';

export interface GroupMemberOptions extends Pick<MemberWatchOptions, 'sessionTimeoutMs' | 'unread'> {
  kafka: KafkaHandle;
  /** Asked for each consumer anew: one in another group need not wait until the session of its predecessor has ended. */
  groupId(): string;
  topics: readonly string[];
  startFrom: 'earliest' | 'latest';
  /** How many partitions of one fetch are handed over side by side. */
  concurrency: number;
  eachBatch(payload: EachBatchPayload): Promise<void>;
  /** Called before anything of the new assignment is fetched, so that `seek` is in time. */
  onJoined(assignment: Assignment): void;
  /** The assignment is about to change hands. */
  onLeft(): void;
}

/** So many that a member outlives any broker outage with its membership: a new one would wait for the old one's session to end. */
const RETRY = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 1_000_000 };
/** A fetch takes half a second at most; a broker that is silent for longer than this is taken for dead. */
const PATIENCE = { firstAnswerMs: 2_000, answerMs: 3_000 };
const RESTART_PAUSE_MS = 1_000;
const STOP_PATIENCE_MS = 5_000;
/** kafkajs is not told that another broker leads a partition: one that used to lead it goes on answering, late or with nothing. */
const METADATA_AGE_MS = 5_000;

/** What Kafka knows a consumer by. */
interface Membership {
  readonly groupId: string;
  readonly memberId: string;
}

/** What kafkajs 2.2.4 does not tell of a broker in its types. */
type Coordinator = Broker & { leaveGroup(membership: Membership): Promise<unknown> };

/** One kafkajs consumer that is kept alive: whatever ends it, it is built again until `stop`. */
export class GroupMember implements WatchedMember {
  #consumer: Consumer | undefined;
  #groupId = '';
  #membership: Membership | undefined;
  #lines: Lines | undefined;
  #stopped = false;
  #joined = false;
  /** When Kafka last confirmed the membership. */
  #lastSign = 0;
  #assignment: Assignment = {};
  #restarts = 0;
  readonly #watch: MemberWatch;
  readonly #firstJoin = Promise.withResolvers<void>();

  constructor(private readonly options: GroupMemberOptions) {
    const { kafka } = options;
    this.#watch = new MemberWatch({ ...options, member: this, admin: new KafkaAdmin(kafka), log: kafka.log });
  }

  /** Resolves once the member has its partitions, however long Kafka takes to answer. */
  async start(): Promise<void> {
    await this.#run();
    await this.#firstJoin.promise;
    this.#watch.start();
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
          this.#watch.heardOf(payload.batch);
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

  get assignment(): Assignment {
    return this.#assignment;
  }

  get isKnown(): boolean {
    return this.#membership !== undefined;
  }

  /** Has partitions, and its heartbeats are answered. */
  ready(): boolean {
    return this.#joined && this.silence() < this.options.sessionTimeoutMs;
  }

  silence(): number {
    return performance.now() - this.#lastSign;
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

  replace(): void {
    this.#joined = false;
    this.#lastSign = performance.now();
    this.options.onLeft();
    // It is not told to stop: kafkajs 2.2.4, stopped while it changes over to other brokers, fetches from then on without
    // asking Kafka, in a loop that leaves nothing else of the process a turn.
    this.#lines?.cut();
    void this.#restart();
  }

  /** Leaves the group, so that others take over at once instead of after the session timeout. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#watch.stop();
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
      this.#watch.joined();
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
