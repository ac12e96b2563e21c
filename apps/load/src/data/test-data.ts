import { setTimeout as delay } from 'node:timers/promises';
import { databaseEnv, databaseOptionsFrom, UserDatabase } from '@parley/persistence';
import { createLogger, createRedis, loadConfig, redisEnv } from '@parley/platform';
import { userId } from '@parley/protocol';
import { SessionSettings, SessionStore } from '@parley/session';
import { z } from 'zod';
import { concurrently } from '../run/concurrently.js';
import { membersOf, type PlanOptions } from '../run/plan.js';

/** Users and channels that exist now, in the order of the plan. */
export interface TestData {
  /** Session cookie of each user. */
  readonly cookies: readonly string[];
  readonly userIds: readonly number[];
  readonly channelIds: readonly number[];
  readonly seconds: number;
}

const Env = z.object({ ...databaseEnv, ...redisEnv });
export type DataEnvironment = Readonly<Record<string, string | undefined>>;

const ROWS = 1_000;
const SESSION_SECONDS = 3_600;
const SESSIONS_AT_ONCE = 200;
const READY_MS = 10_000;
/** No password has this as its hash: nobody can log in as a test user. */
const NO_PASSWORD = '!';

/**
 * Writes users, channels, memberships and sessions straight into the databases: thousands in a second. An operator's
 * path, for it takes the passwords of the databases; no service takes part. Channels come without contacts between
 * their members, as they are left after contacts have ended. Everything stays: use a stack that can be thrown away.
 *
 * @param env the variables of databases and Redis, as services get them
 */
export async function createTestData(plan: PlanOptions, env: DataEnvironment): Promise<TestData> {
  const config = loadConfig(Env, env);
  const log = createLogger({ service: 'load', instance: '1', level: 'error', destination: process.stderr });
  const database = new UserDatabase(databaseOptionsFrom(config));
  const redis = createRedis(config, log);
  const began = performance.now();
  database.open();
  try {
    await answers(database);
    const rows = new Rows(database, config.MESSAGE_SHARD_SOURCE_URLS.length);
    const users = await rows.users(plan.users);
    const channelIds = await rows.channels(plan, users);
    const store = new SessionStore(redis, new SessionSettings(SESSION_SECONDS));
    const cookies: string[] = [];
    await concurrently(users, SESSIONS_AT_ONCE, async ({ id, name }, index) => {
      cookies[index] = await store.create({ userId: userId(id), username: name });
    });
    const seconds = (performance.now() - began) / 1000;
    return { cookies, userIds: users.map((user) => user.id), channelIds, seconds };
  } finally {
    redis.disconnect();
    await database.close();
  }
}

interface TestUser {
  readonly id: number;
  readonly name: string;
}

/** The rows of one run. Its names begin with the time, so that runs never meet. */
class Rows {
  private readonly run = Date.now();

  constructor(
    private readonly database: UserDatabase,
    private readonly shards: number,
  ) {}

  async users(count: number): Promise<TestUser[]> {
    const prefix = `l${this.run.toString(36)}x`;
    const names = Array.from({ length: count }, (_, index) => `${prefix}${index}`);
    const rows = names.map((name, index) => [name, NO_PASSWORD, this.code(index)]);
    await this.insert('INSERT INTO message_user (username, password, invite_code) VALUES ?', rows);
    const stored: { user_id: number; username: string }[] = await this.database.source.query(
      'SELECT user_id, username FROM message_user WHERE username LIKE ?',
      [`${prefix}%`],
    );
    const ids = new Map(stored.map((row) => [row.username, row.user_id]));
    return names.map((name) => ({ name, id: ids.get(name) ?? 0 }));
  }

  async channels(plan: PlanOptions, users: readonly TestUser[]): Promise<number[]> {
    const codes = Array.from({ length: plan.channels }, (_, index) => this.code(index));
    const rows = codes.map((code, index) => [`load ${index}`, code, plan.members, 0]);
    await this.insert('INSERT INTO channel (title, invite_code, head_count, shard_id) VALUES ?', rows);
    const own = `${this.code(0).slice(0, -8)}%`;
    // As the message service chooses it: see MessageShards.
    await this.database.source.query(
      'UPDATE channel SET shard_id = (channel_id - 1) MOD ? + 1 WHERE invite_code LIKE ?',
      [this.shards, own],
    );
    const stored: { channel_id: number; invite_code: string }[] = await this.database.source.query(
      'SELECT channel_id, invite_code FROM channel WHERE invite_code LIKE ?',
      [own],
    );
    const ids = new Map(stored.map((row) => [row.invite_code, row.channel_id]));
    const channelIds = codes.map((code) => ids.get(code) ?? 0);
    const memberships = channelIds.flatMap((id, channel) =>
      membersOf(channel, plan).map((user) => [users[user]?.id ?? 0, id]),
    );
    await this.insert('INSERT INTO user_channel (user_id, channel_id) VALUES ?', memberships);
    return channelIds;
  }

  /** An invite code: the run, then the number. */
  private code(index: number): string {
    return this.run.toString(16).padStart(24, '0') + index.toString(16).padStart(8, '0');
  }

  private async insert(statement: string, rows: readonly (readonly (string | number)[])[]): Promise<void> {
    for (let start = 0; start < rows.length; start += ROWS) {
      await this.database.source.query(statement, [rows.slice(start, start + ROWS)]);
    }
  }
}

async function answers(database: UserDatabase): Promise<void> {
  const deadline = Date.now() + READY_MS;
  for (;;) {
    try {
      return await database.check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(50);
    }
  }
}
