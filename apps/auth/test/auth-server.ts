import { randomBytes, randomInt } from 'node:crypto';
import { type ConnectionControl, connectionControl, type MessageRequest, messageRequest } from '@parley/contracts';
import { BroadcastConsumer, createKafka, kafkaOptionsFrom } from '@parley/kafka';
import { UserDatabase } from '@parley/persistence';
import { loadConfig, Log, type RunningService, startService } from '@parley/platform';
import { PATHS } from '@parley/protocol';
import { SESSION_STRATEGY, SessionStore, SessionStrategy } from '@parley/session';
import { eventually } from '@parley/testing';
import passport from 'passport';
import { Passwords } from '../src/account/password.js';
import { authEnv } from '../src/config.js';
import { LOGIN_STRATEGY, LoginStrategy } from '../src/http/login.strategy.js';
import { authService } from '../src/service.js';

export const PASSWORD = 'correct horse';
export const freshName = (): string => `user_${randomBytes(6).toString('hex')}`;
/** Digits of other scripts, which the database takes for a 1 and no normal form of Unicode does. */
export const OTHER_ONES = ['\u0661', '\u0967', '\u09e7'];
/** Limits count by address: each test comes from its own. */
export const freshAddress = (): string => `198.18.${randomInt(256)}.${randomInt(1, 255)}`;

export interface Asked {
  readonly body?: string | object;
  readonly type?: string;
  readonly cookie?: string;
  readonly from?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
}

type Settings = Readonly<Record<string, string>>;

/** The service itself, in this process, against the servers that the environment names. */
export class AuthServer implements AsyncDisposable {
  private constructor(private readonly running: RunningService) {}

  /** Waits until it is ready. */
  static async start(settings: Settings = {}): Promise<AuthServer> {
    const server = await AuthServer.startUnready(settings);
    await eventually(async () => {
      const { status, text } = await server.ask('/health/ready', { method: 'GET' });
      if (status !== 200) throw new Error(`not ready: ${text}`);
    });
    return server;
  }

  static async startUnready(settings: Settings): Promise<AuthServer> {
    const fixed = { HTTP_HOST: '127.0.0.1', HTTP_PORT: '0', CONSUL_URLS: '', LOG_LEVEL: 'silent' };
    const config = loadConfig(authEnv, { ...process.env, ...fixed, ...settings });
    return new AuthServer(await startService<typeof authEnv>(authService, config));
  }

  get origin(): string {
    return `http://127.0.0.1:${this.running.port}`;
  }

  get sessions(): SessionStore {
    return this.running.app.get(SessionStore, { strict: false });
  }

  get passwords(): Passwords {
    return this.running.app.get(Passwords, { strict: false });
  }

  get database(): UserDatabase {
    return this.running.app.get(UserDatabase, { strict: false });
  }

  get log(): Log {
    return this.running.app.get(Log, { strict: false });
  }

  async ask(path: string, { body, type, cookie, from = freshAddress(), method = 'POST', headers }: Asked = {}) {
    // Passport's registry is one for the whole process: of several servers in it, the one asked must answer.
    passport.use(LOGIN_STRATEGY, this.running.app.get(LoginStrategy, { strict: false }));
    passport.use(SESSION_STRATEGY, this.running.app.get(SessionStrategy, { strict: false }));
    const isText = typeof body === 'string';
    const response = await fetch(this.origin + path, {
      method,
      headers: {
        'x-real-ip': from,
        ...(body !== undefined && { 'content-type': type ?? 'application/json' }),
        ...(cookie !== undefined && { cookie: `SESSION=${cookie}` }),
        ...headers,
      },
      ...(body !== undefined && { body: isText ? Buffer.from(body) : JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text(), headers: response.headers };
  }

  register(username: string, from?: string) {
    return this.ask(PATHS.register, { body: { username, password: PASSWORD }, ...(from !== undefined && { from }) });
  }

  login(username: string, password = PASSWORD, from?: string) {
    return this.ask(PATHS.login, { body: { username, password }, ...(from !== undefined && { from }) });
  }

  /** A new account with a live session. */
  async newcomer(): Promise<{ name: string; cookie: string }> {
    const name = freshName();
    await this.register(name);
    const { text: cookie } = await this.login(name);
    return { name, cookie };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.running.stop();
  }
}

/** What the service tells the others, from the moment it is opened. */
export class Announcements implements AsyncDisposable {
  readonly control: ConnectionControl[] = [];
  readonly requests: MessageRequest[] = [];

  private constructor(private readonly consumer: BroadcastConsumer) {}

  static async open(log: Log): Promise<Announcements> {
    const config = loadConfig(authEnv, { ...process.env, HTTP_PORT: '0' });
    const kafka = createKafka(kafkaOptionsFrom(config, 'auth-test'), log);
    const consumer = new BroadcastConsumer({ kafka, groupPrefix: 'auth-test' });
    const announcements = new Announcements(consumer);
    await consumer.start(connectionControl.name, (records) => {
      for (const { value } of records) {
        const record = connectionControl.decode(value);
        if (record.ok) announcements.control.push(record.value);
      }
    });
    await consumer.start(messageRequest.name, (records) => {
      for (const { value } of records) {
        const record = messageRequest.decode(value);
        if (record.ok) announcements.requests.push(record.value);
      }
    });
    return announcements;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.consumer.close();
  }
}
