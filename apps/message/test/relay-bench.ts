import { randomInt, randomUUID } from 'node:crypto';
import {
  type ChannelCommand,
  connectionNotification,
  type MessageRelay,
  messageRelay,
  NOTIFICATION_TOPIC_PREFIX,
  type NotificationEntry,
  type Origin,
  pushNotification,
  type PushNotification,
  type ViewerLeft,
  type Write,
} from '@parley/contracts';
import type { InboundRecord, OutboundRecord } from '@parley/kafka';
import {
  createTemporaryDatabases,
  type DatabaseOptions,
  type DatabasePair,
  MessageShards,
  migrateAll,
  type Route,
  UserDatabase,
} from '@parley/persistence';
import { createLogger, createRedis, loadConfig, redisEnv } from '@parley/platform';
import { channelId, type ChannelId, seq, type ServerFrame, userId, type UserId } from '@parley/protocol';
import { eventually } from '@parley/testing';
import { z } from 'zod';
import { ChannelRepository } from '../src/channel/channel.repository.js';
import { Deliveries } from '../src/delivery/deliveries.js';
import { EventLog } from '../src/events.js';
import { PresenceMap } from '../src/presence/presence-map.js';
import { ChannelCommands } from '../src/relay/channel.commands.js';
import { ChannelStates } from '../src/relay/channel-states.js';
import { EarlyViewers } from '../src/relay/early-viewers.js';
import { History } from '../src/relay/history.js';
import { MessageStore } from '../src/relay/message-store.js';
import { MessageWriter } from '../src/relay/message-writer.js';
import { ReadPositions } from '../src/relay/read-positions.js';
import { RelayConsumer } from '../src/relay/relay.consumer.js';
import { RelayHooks } from '../src/relay/relay.module.js';
import { Unseen } from '../src/relay/unseen.js';
import { CommandLog } from '../src/request/command-log.js';
import { FactCache } from '../src/user/fact-cache.js';
import { UserDirectory } from '../src/user/user-directory.js';
import { FlakyDatabase } from './flaky-database.js';

const log = createLogger({ service: 'message', instance: 'test', level: 'silent' });
const quiet = new EventLog(log);

export interface Room {
  readonly id: ChannelId;
  readonly shard: number;
  readonly members: readonly UserId[];
}

/** Databases of their own with rooms in them; the user database and the first shard can be cut off. */
export class RelayBench {
  readonly redis = createRedis(loadConfig(z.object(redisEnv)), log);
  readonly users: UserDatabase;
  readonly shards: MessageShards;
  /** The copies of the shards that history may be read from: nothing gets there unless a test puts it there. */
  readonly replicas: MessageShards;
  private readonly owners: Owner[] = [];
  private nextUser = randomInt(2 ** 40, 2 ** 47);

  private constructor(
    private readonly options: DatabaseOptions,
    private readonly copies: readonly DatabasePair[],
    readonly userDatabase: FlakyDatabase,
    readonly firstShard: FlakyDatabase,
    private readonly drop: () => Promise<void>,
  ) {
    this.users = new UserDatabase(options);
    this.shards = new MessageShards(options);
    this.replicas = new MessageShards({ shards: copies, poolSize: 1 });
  }

  static async open(): Promise<RelayBench> {
    const [sources, copies] = await Promise.all([createTemporaryDatabases(), createTemporaryDatabases()]);
    await Promise.all([migrateAll(sources.options, 10_000), migrateAll(copies.options, 10_000)]);
    const bench = new RelayBench(
      sources.options,
      copies.options.shards,
      await FlakyDatabase.open(sources.options.userDb.source),
      await FlakyDatabase.open(sources.options.shards[0]?.source),
      async () => void (await Promise.all([sources.drop(), copies.drop()])),
    );
    const all = [bench.users, ...bench.shards.all(), ...bench.replicas.all()];
    for (const database of all) database.open();
    for (const database of all) await eventually(() => database.check());
    await eventually(() => bench.redis.ping());
    return bench;
  }

  /** One instance of the message service, as far as channels are concerned. */
  async owner(): Promise<Owner> {
    const { userDb, shards, poolSize } = this.options;
    const through = shards.map(({ source }, index) => ({
      source: index === 0 ? { ...source, ...this.firstShard.address } : source,
      replica: this.replicaOf(index),
    }));
    const users = new UserDatabase({
      userDb: { source: { ...userDb.source, ...this.userDatabase.address } },
      poolSize,
    });
    const owner = new Owner(users, new MessageShards({ shards: through, poolSize }), this.redis);
    this.owners.push(owner);
    await owner.open();
    return owner;
  }

  /** A channel with `size` members on a shard. */
  async room(shard = 1, size = 2): Promise<Room> {
    const members = Array.from({ length: size }, () => userId(this.nextUser++));
    const { insertId }: { insertId: number } = await this.users.source.query(
      'INSERT INTO channel (title, invite_code, head_count, shard_id) VALUES (?, ?, ?, ?)',
      ['room', randomUUID().replaceAll('-', ''), size, shard],
    );
    await this.users.source.query('INSERT INTO message_user (user_id, username, password, invite_code) VALUES ?', [
      members.map((id) => [id, nameOf(id), 'hash', randomUUID().replaceAll('-', '')]),
    ]);
    const id = channelId(insertId);
    await this.join(id, ...members);
    return { id, shard, members };
  }

  async join(id: ChannelId, ...members: readonly UserId[]): Promise<void> {
    await this.users.source.query('INSERT INTO user_channel (user_id, channel_id) VALUES ?', [
      members.map((member) => [member, id]),
    ]);
  }

  /** What is stored of a room, in order. */
  async stored({ id, shard }: Room): Promise<{ seq: number; content: string }[]> {
    return this.shards
      .shard(shard)
      .source.query(
        'SELECT message_sequence AS seq, content FROM message WHERE channel_id = ? ORDER BY message_sequence',
        [id],
      );
  }

  async readPosition(channel: ChannelId, user: UserId): Promise<number> {
    const [row]: { seq: number }[] = await this.users.source.query(
      'SELECT last_read_msg_seq AS seq FROM user_channel WHERE channel_id = ? AND user_id = ?',
      [channel, user],
    );
    return row?.seq ?? -1;
  }

  /** Brings the replica of a room's shard up to a sequence. */
  async replicate({ id, shard }: Room, upTo: number): Promise<void> {
    const columns = 'channel_id, message_sequence, user_id, once, content';
    const rows: Record<string, unknown>[] = await this.shards
      .shard(shard)
      .source.query(`SELECT ${columns} FROM message WHERE channel_id = ? AND message_sequence <= ?`, [id, upTo]);
    await this.replicas
      .shard(shard)
      .source.query(`INSERT IGNORE INTO message (${columns}) VALUES ?`, [rows.map((row) => Object.values(row))]);
  }

  async close(): Promise<void> {
    for (const owner of this.owners) await owner.close();
    await this.userDatabase.close();
    await this.firstShard.close();
    await Promise.all([this.users, ...this.shards.all(), ...this.replicas.all()].map((database) => database.close()));
    this.redis.disconnect();
    await this.drop();
  }

  private replicaOf(index: number): DatabasePair['source'] {
    const pair = this.copies[index];
    if (pair === undefined) throw new Error(`no replica ${index}`);
    return pair.source;
  }
}

/** What an instance of the message service does for channels, with its records to Kafka kept instead of sent. */
export class Owner {
  readonly presence = new PresenceMap();
  readonly unseen: Unseen;
  readonly hooks: RelayHooks;
  readonly deliveries: Deliveries;
  private readonly consumer: RelayConsumer;
  private produced: (OutboundRecord & { topic: string })[] = [];
  private failure: Error | undefined;

  constructor(
    private readonly users: UserDatabase,
    private readonly shards: MessageShards,
    redis: RelayBench['redis'],
  ) {
    const channels = new ChannelRepository(users, shards, new CommandLog(users));
    const store = new MessageStore(shards);
    const states = new ChannelStates(channels, store);
    const history = new History(store, new UserDirectory(users, new FactCache(redis)));
    const reads = new ReadPositions(channels);
    this.unseen = new Unseen(states, this.presence, history, reads);
    this.deliveries = new Deliveries(this.presence, { send: (topic, record) => this.keep({ ...record, topic }) });
    const early = new EarlyViewers(this.presence);
    this.hooks = new RelayHooks(states, early, reads, this.deliveries, quiet);
    this.consumer = new RelayConsumer(
      states,
      new MessageWriter(store, states),
      store,
      new ChannelCommands(states, channels, this.presence, history, reads, this.unseen, quiet),
      reads,
      this.unseen,
      this.presence,
      early,
      this.deliveries,
      quiet,
    );
  }

  async open(): Promise<void> {
    for (const database of [this.users, ...this.shards.all()]) {
      database.open();
      await eventually(() => database.check());
    }
    await eventually(() => {
      if (this.shards.all().some(({ replica }) => replica === undefined)) throw new Error('no replica yet');
    });
  }

  async close(): Promise<void> {
    await Promise.all([this.users, ...this.shards.all()].map((database) => database.close()));
  }

  /** Hands over a batch; returns what it led to. */
  async handle(...records: readonly MessageRelay[]): Promise<Told> {
    await (
      await this.consumer.handle(records.map(inbound))
    ).settled;
    return this.taken();
  }

  /** How many pages of history each kind of server has answered. */
  historyReads(): Record<Route, number> {
    const of = (route: Route) =>
      this.shards.all().reduce((sum, { reads }) => sum + (reads[route].get('history') ?? 0), 0);
    return { replica: of('replica'), source: of('source') };
  }

  /** What has been produced since the last time. */
  taken(): Told {
    const told = this.told();
    this.produced = [];
    return told;
  }

  /** The same, and it stays to be taken. */
  told(): Told {
    return new Told(this.produced);
  }

  /** The next record to Kafka is refused. */
  failOnce(error: Error): void {
    this.failure = error;
  }

  /** The user's socket shows the channel. */
  async enter(user: UserId, channel: ChannelId): Promise<ServerFrame | undefined> {
    return (await this.handle(command(user, { type: 'ENTER_REQUEST', channelId: channel }))).answers[0];
  }

  private async keep(record: OutboundRecord & { topic: string }): Promise<void> {
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
    this.produced.push(record);
  }
}

/** Records to Kafka, read as their readers do. */
export class Told {
  readonly entries: NotificationEntry[];
  readonly pushes: PushNotification[];

  constructor(readonly records: readonly (OutboundRecord & { topic: string })[]) {
    this.entries = records
      .filter(({ topic }) => topic.startsWith(NOTIFICATION_TOPIC_PREFIX))
      .flatMap(({ value }) => read(connectionNotification('any').decode(value)).entries);
    this.pushes = records
      .filter(({ topic }) => topic === pushNotification.name)
      .map(({ value }) => read(pushNotification.decode(value)));
  }

  /** Frames for the sockets that asked, in order. */
  get answers(): ServerFrame[] {
    return this.entries.flatMap((entry) => (entry.kind === 'TO_CONNECTION' ? [entry.frame] : []));
  }

  /** Sequences in the order of the acknowledgements; the text of an ERROR stands for itself. */
  get acks(): (number | string)[] {
    return this.answers.flatMap((frame): (number | string)[] => {
      if (frame.type === 'WRITE_MESSAGE_ACK') return [frame.messageSeqId];
      return frame.type === 'ERROR' ? [frame.message] : [];
    });
  }

  /** Who is pushed which message. */
  get pushed(): (readonly [number, readonly UserId[]])[] {
    return this.pushes.flatMap(({ frame, userIds }) =>
      frame.type === 'NOTIFY_MESSAGE' ? [[frame.messageSeqId, userIds] as const] : [],
    );
  }
}

type Decoded<T> = { ok: true; value: T } | { ok: false; error: string };

function read<T>(decoded: Decoded<T>): T {
  if (!decoded.ok) throw new Error(decoded.error);
  return decoded.value;
}

export const nameOf = (id: UserId): string => `u${id.toString(36)}`;

const BOOT = randomUUID().slice(0, 8);
let requests = 0;
/** Numbered, as a connection server does. */
const nextRequest = (): string => `c-${BOOT}-${(++requests).toString(36)}`;

export const originOf = (user: UserId, request = nextRequest()): Origin => ({
  userId: user,
  username: nameOf(user),
  server: 'c1',
  connection: `c1-boot-${user}`,
  request,
});

export const write = (user: UserId, channel: ChannelId, once: number, content = `${once}`): Write => ({
  kind: 'WRITE',
  channelId: channel,
  origin: originOf(user),
  once,
  frame: { type: 'WRITE_MESSAGE', serial: null, channelId: channel, content },
});

export const command = (user: UserId, frame: ChannelCommand['frame'] & { channelId: ChannelId }): ChannelCommand => ({
  kind: 'COMMAND',
  channelId: frame.channelId,
  origin: originOf(user),
  frame,
});

export const viewerLeft = (user: UserId, channel: ChannelId, seen: number): ViewerLeft => ({
  kind: 'VIEWER_LEFT',
  channelId: channel,
  userId: user,
  server: 'c1',
  connection: originOf(user).connection,
  seen: seq(seen),
});

let offset = 0n;
function inbound(record: MessageRelay): InboundRecord {
  const value = Buffer.from(messageRelay.encode(record));
  return { topic: messageRelay.name, partition: 0, offset: offset++, key: null, value, headers: {}, timestamp: 0 };
}
