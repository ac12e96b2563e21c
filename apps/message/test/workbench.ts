import { randomInt, randomUUID } from 'node:crypto';
import {
  messageRelay,
  type MembersChanged,
  type Origin,
  type UserCommandFrame,
  type UserNotice,
} from '@parley/contracts';
import {
  AccountEntity,
  createTemporaryDatabases,
  type DatabaseOptions,
  MessageShards,
  migrateAll,
  UnregisteredAccountEntity,
  UserDatabase,
} from '@parley/persistence';
import { createLogger, createRedis, type DatabaseAddress, loadConfig, redisEnv, SystemClock } from '@parley/platform';
import { type ContactStatus, type ServerFrame, userId, type UserId } from '@parley/protocol';
import { eventually } from '@parley/testing';
import { z } from 'zod';
import { ChannelRepository } from '../src/channel/channel.repository.js';
import { MembershipCommands } from '../src/channel/membership.commands.js';
import { ContactCommands } from '../src/contact/contact.commands.js';
import { ContactRepository } from '../src/contact/contact.repository.js';
import { CommandLog } from '../src/request/command-log.js';
import type { Outcome } from '../src/request/outcome.js';
import { Patience } from '../src/request/patience.js';
import { UncertainCreations } from '../src/request/uncertain-creations.js';
import { UserCommands } from '../src/request/user.commands.js';
import { AccountCommands } from '../src/user/account.commands.js';
import { Limits } from '../src/user/limits.js';
import { Unregistration } from '../src/user/unregistration.js';
import { FactCache } from '../src/user/fact-cache.js';
import { UserDirectory } from '../src/user/user-directory.js';

export interface Person {
  readonly id: UserId;
  readonly name: string;
  readonly code: string;
}

const log = createLogger({ service: 'message', instance: 'test', level: 'silent' });

/** The commands of the message service on databases of their own; what would go to Kafka is kept instead. */
export class Workbench {
  /** Records for the owners of channels. */
  readonly relayed: MembersChanged[] = [];
  /** Notices of unregistrations. */
  readonly noticed: UserNotice[] = [];
  readonly redis = createRedis(loadConfig(z.object(redisEnv)), log);
  readonly users: UserDatabase;
  readonly directory: UserDirectory;
  readonly channels: ChannelRepository;
  readonly commandLog: CommandLog;
  readonly commands: UserCommands;
  readonly unregistration: Unregistration;
  readonly shards: MessageShards;

  private constructor(
    options: DatabaseOptions,
    private readonly drop: () => Promise<void>,
    limits: Limits,
  ) {
    this.users = new UserDatabase(options);
    this.shards = new MessageShards(options);
    this.directory = new UserDirectory(this.users, new FactCache(this.redis));
    this.commandLog = new CommandLog(this.users);
    this.channels = new ChannelRepository(this.users, this.shards, this.commandLog);
    this.commands = new UserCommands(
      new AccountCommands(this.directory),
      new ContactCommands(new ContactRepository(this.users, limits), this.commandLog, limits, this.directory),
      new MembershipCommands(this.channels, this.commandLog, limits),
      new Patience(),
      new UncertainCreations(new SystemClock()),
      log,
    );
    const deliveries = {
      deliver: async (_request: string, _deliveries: unknown, notices: readonly UserNotice[]) => {
        this.noticed.push(...notices);
      },
    };
    this.unregistration = new Unregistration(this.commandLog, this.users, this.directory, deliveries, {
      sendAll: async (records) => {
        for (const { value } of records) {
          const record = messageRelay.decode(value);
          if (record.ok && record.value.kind === 'MEMBERS_CHANGED') this.relayed.push(record.value);
        }
      },
    });
  }

  /**
   * @param through where to reach the source of the user database instead, such as a proxy
   * @param env names the database servers
   */
  static async open(
    limits = new Limits(),
    through: Partial<DatabaseAddress> = {},
    env = process.env,
  ): Promise<Workbench> {
    const { options, drop } = await createTemporaryDatabases(env);
    await migrateAll(options, 10_000);
    const userDb = { ...options.userDb, source: { ...options.userDb.source, ...through } };
    const bench = new Workbench({ ...options, userDb }, drop, limits);
    bench.users.open();
    await eventually(() => bench.users.check());
    await eventually(() => bench.redis.ping());
    // Redis may be shared with a running system, so these users must not have the ids of its users.
    await bench.users.source.query(`ALTER TABLE message_user AUTO_INCREMENT = ${randomInt(2 ** 40, 2 ** 47)}`);
    return bench;
  }

  async close(): Promise<void> {
    await this.users.close();
    this.redis.disconnect();
    await this.drop();
  }

  async person(name = `p${randomUUID().slice(0, 8)}`): Promise<Person> {
    const code = randomUUID().replaceAll('-', '');
    const accounts = this.users.source.getRepository(AccountEntity);
    await accounts.insert({ username: name, password: 'hash', inviteCode: code, contactCount: 0 });
    const { userId: id } = await accounts.findOneByOrFail({ username: name });
    return { id, name, code };
  }

  people(count: number): Promise<Person[]> {
    return Promise.all(Array.from({ length: count }, () => this.person()));
  }

  run(asker: Person, frame: UserCommandFrame, request: string = randomUUID()): Promise<Outcome> {
    return this.commands.run({ origin: originOf(asker, request), frame });
  }

  /** The frame that the asking socket gets. */
  async ask(asker: Person, frame: UserCommandFrame, request?: string): Promise<ServerFrame | undefined> {
    return (await this.run(asker, frame, request)).deliveries.find(({ only }) => only !== undefined)?.frame;
  }

  async befriend(a: Person, b: Person): Promise<void> {
    await this.ask(a, { type: 'INVITE_REQUEST', userInviteCode: b.code });
    await this.ask(b, { type: 'ACCEPT_REQUEST', username: a.name });
  }

  /** Names in a list of contacts. */
  async listed(asker: Person, status: ContactStatus): Promise<string[]> {
    const frame = await this.ask(asker, { type: 'FETCH_CONNECTIONS_REQUEST', status });
    return frame?.type === 'FETCH_CONNECTIONS_RESPONSE' ? frame.connections.map(({ username }) => username) : [];
  }

  async headCounts(asker: Person): Promise<number[]> {
    const frame = await this.ask(asker, { type: 'FETCH_CHANNELS_REQUEST' });
    return frame?.type === 'FETCH_CHANNELS_RESPONSE' ? frame.channels.map(({ headCount }) => headCount) : [];
  }

  async contactCount({ id }: Person): Promise<number> {
    return (await this.users.source.getRepository(AccountEntity).findOneByOrFail({ userId: id })).contactCount;
  }

  /** What the auth service does before it announces the unregistration. */
  async removeAccount({ id, name }: Person): Promise<void> {
    await this.users.source.transaction(async (tx) => {
      await tx.delete(AccountEntity, { userId: id });
      await tx.insert(UnregisteredAccountEntity, { userId: id, username: name });
    });
  }
}

export const originOf = ({ id, name }: Person, request: string): Origin => ({
  userId: id,
  username: name,
  server: 'c1',
  connection: `c1-boot-${id}`,
  request,
});

export const nobody: Person = { id: userId(2 ** 50), name: 'nobody', code: '0'.repeat(32) };
