import { randomBytes, randomInt } from 'node:crypto';
import {
  connectionControl,
  type ConnectionControl,
  connectionNotification,
  connectionPresence,
  type ConnectionPresence,
  type MessageRelay,
  messageRelay,
  type MessageRequest,
  messageRequest,
  type NotificationEntry,
  type PresentConnection,
  pushNotification,
  type PushNotification,
  type Topic,
  topicLayout,
} from '@parley/contracts';
import {
  BatchingProducer,
  BroadcastConsumer,
  createKafka,
  KafkaAdmin,
  type KafkaHandle,
  kafkaOptionsFrom,
  silentLog,
} from '@parley/kafka';
import { loadConfig, RedisClient, type RunningService, startService } from '@parley/platform';
import { type ServerFrame, type ServerFrameOf, type UserId, userId } from '@parley/protocol';
import { SessionStore } from '@parley/session';
import { eventually, WireClient } from '@parley/testing';
import { connectionEnv } from '../src/config.js';
import { connectionService } from '../src/service.js';

export interface Visitor {
  readonly userId: UserId;
  readonly cookie: string;
  readonly wire: WireClient;
  /** Name of the socket between services. */
  readonly connection: string;
}

type RelayOf<K extends MessageRelay['kind']> = Extract<MessageRelay, { kind: K }>;

/**
 * The connection service in this process against the servers that the environment names; the test plays the message
 * service behind it.
 */
export class ConnectionFixture implements AsyncDisposable {
  readonly relay: MessageRelay[] = [];
  readonly requests: MessageRequest[] = [];
  readonly presence: ConnectionPresence[] = [];
  readonly pushes: PushNotification[] = [];
  readonly admin: KafkaAdmin;
  private readonly producer: BatchingProducer;
  private readonly consumer: BroadcastConsumer;

  private constructor(
    readonly server: string,
    private readonly kafka: KafkaHandle,
  ) {
    this.admin = new KafkaAdmin(kafka);
    this.producer = new BatchingProducer({ kafka });
    this.consumer = new BroadcastConsumer({ kafka, groupPrefix: `test-${server}` });
  }

  private running: RunningService | undefined;

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<ConnectionFixture> {
    const server = `t${randomBytes(6).toString('hex')}`;
    const fixed = { HTTP_HOST: '127.0.0.1', HTTP_PORT: '0', CONSUL_URLS: '', LOG_LEVEL: 'silent', SERVICE_ID: server };
    const config = loadConfig(connectionEnv, { ...process.env, ...fixed, ...settings });
    const fixture = new ConnectionFixture(server, createKafka(kafkaOptionsFrom(config, 'connection-test'), silentLog));
    for (const { name, partitions } of topicLayout) {
      const count = partitions === 'configured' ? config.KAFKA_PARTITIONS : partitions;
      await fixture.admin.ensureTopic(name, { partitions: count, replicationFactor: config.KAFKA_REPLICATION_FACTOR });
    }
    await fixture.producer.connect();
    await fixture.gather(messageRelay, (record) => fixture.isOurs(record) && fixture.relay.push(record));
    await fixture.gather(messageRequest, (record) => {
      if (record.kind === 'COMMAND' && record.origin.server === server) fixture.requests.push(record);
    });
    await fixture.gather(connectionPresence, (record) => record.server === server && fixture.presence.push(record));
    await fixture.gather(pushNotification, (record) => fixture.pushes.push(record));
    fixture.running = await startService<typeof connectionEnv>(connectionService, config);
    return fixture;
  }

  get url(): string {
    return `http://127.0.0.1:${this.running?.port ?? 0}`;
  }

  get redis(): RedisClient {
    return this.service(RedisClient);
  }

  get sessions(): SessionStore {
    return this.service(SessionStore);
  }

  /** A new user with an open socket that its server has announced. */
  async visitor(headers: Record<string, string> = {}): Promise<Visitor> {
    const user = userId(randomInt(1, 1_000_000_000));
    const cookie = await this.sessions.create({ userId: user, username: `user${user}` });
    return this.connect(user, cookie, headers);
  }

  async connect(user: UserId, cookie: string, headers: Record<string, string> = {}): Promise<Visitor> {
    const known = new Set(this.announced(user).map(({ connection }) => connection));
    const wire = await WireClient.connect(this.url, cookie, headers);
    const connection = await eventually(() => {
      const fresh = this.announced(user).find((present) => !known.has(present.connection));
      return fresh?.connection ?? Promise.reject(new Error('not announced'));
    });
    return { userId: user, cookie, wire, connection };
  }

  /** Everything ever announced about a user, in order. */
  announced(user: UserId): PresentConnection[] {
    return this.presence
      .flatMap((record) =>
        record.kind === 'DELTA' ? record.changed : record.kind === 'SNAPSHOT' ? record.connections : [],
      )
      .filter((present) => present.userId === user);
  }

  relayed<K extends MessageRelay['kind']>(kind: K): RelayOf<K>[] {
    return this.relay.filter((record): record is RelayOf<K> => record.kind === kind);
  }

  /** Says something to the server, all in one record. */
  async tell(...entries: NotificationEntry[]): Promise<void> {
    await this.produce(connectionNotification(this.server), { entries });
  }

  /** Answers a socket. */
  async answer(
    { connection, userId: user }: Pick<Visitor, 'connection' | 'userId'>,
    frame: ServerFrame,
    request = 'r',
  ): Promise<void> {
    await this.tell({ kind: 'TO_CONNECTION', connection, userId: user, request, frame });
  }

  /** The visitor asks to enter the channel of the answer, and gets it. Its command is not among the relayed ones. */
  async letIn(
    { wire, ...visitor }: Pick<Visitor, 'wire' | 'connection' | 'userId'>,
    answer: ServerFrameOf<'ENTER_RESPONSE'>,
  ): Promise<void> {
    wire.send({ type: 'ENTER_REQUEST', channelId: answer.channelId });
    const request = await eventually(() => {
      const asked = this.relayed('COMMAND').findLast(
        ({ frame, channelId, origin }) =>
          frame.type === 'ENTER_REQUEST' && channelId === answer.channelId && origin.connection === visitor.connection,
      );
      if (asked === undefined) throw new Error('the visitor has not asked to enter');
      this.relay.splice(this.relay.indexOf(asked), 1);
      return asked.origin.request;
    });
    await this.answer(visitor, answer, request);
  }

  /** Groups of consumers whose names begin with `prefix`. */
  async groups(prefix: string): Promise<string[]> {
    const admin = this.kafka.client({ retry: { retries: 5 } }).admin();
    await admin.connect();
    try {
      const { groups } = await admin.listGroups();
      return groups.map(({ groupId }) => groupId).filter((name) => name.startsWith(prefix));
    } finally {
      await admin.disconnect();
    }
  }

  async control(record: ConnectionControl): Promise<void> {
    await this.produce(connectionControl, record);
  }

  async stop(): Promise<void> {
    await this.running?.stop();
    this.running = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.consumer.close();
    await this.producer.close();
  }

  private isOurs(record: MessageRelay): boolean {
    const server = 'origin' in record ? record.origin.server : 'server' in record ? record.server : undefined;
    return server === this.server;
  }

  private async gather<R>(topic: Topic<R>, take: (record: R) => unknown): Promise<void> {
    await this.consumer.start(topic.name, (records) => {
      for (const { value } of records) {
        const record = topic.decode(value);
        if (record.ok) take(record.value);
      }
    });
  }

  private async produce<R>(topic: Topic<R>, record: R): Promise<void> {
    await this.producer.send(topic.name, { key: topic.key(record), value: topic.encode(record) });
  }

  private service<T>(type: abstract new () => T): T;
  private service<T>(type: abstract new (...args: never[]) => T): T;
  private service<T>(type: abstract new (...args: never[]) => T): T {
    if (this.running === undefined) throw new Error('the service is not running');
    return this.running.app.get<T>(type, { strict: false });
  }
}
