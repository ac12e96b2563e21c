import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { err, type LoginRequest, ok, RegisterRequest, type Result, type UserId } from '@parley/protocol';
import { type ActiveSession, SessionStore } from '@parley/session';
import { AuthMetrics } from '../auth.metrics.js';
import { AttemptLimits } from '../limits/attempt-limits.js';
import { AccountRepository } from './account.repository.js';
import { Passwords } from './password.js';
import { SessionEndings } from './session-endings.js';
import { Unregistrations } from './unregistrations.js';

/** Whom a session is for; the name as it was registered, however it was typed at login. */
export interface Holder {
  readonly userId: UserId;
  readonly username: string;
}

export interface TooMany {
  readonly kind: 'TOO_MANY_ATTEMPTS';
  readonly retryAfterSeconds: number;
}
export type RegisterFailure = { readonly kind: 'USERNAME_TAKEN' } | TooMany;
/** One failure for "no such user" and "wrong password": the difference would list our users. */
export type LoginFailure = { readonly kind: 'WRONG_CREDENTIALS' } | TooMany;

const tooMany = (retryAfterSeconds: number) => err({ kind: 'TOO_MANY_ATTEMPTS' as const, retryAfterSeconds });
const wrongCredentials = () => err({ kind: 'WRONG_CREDENTIALS' as const });

const RESULT_OF = {
  TOO_MANY_ATTEMPTS: 'limited',
  USERNAME_TAKEN: 'username_taken',
  WRONG_CREDENTIALS: 'wrong_credentials',
} as const;
const resultOf = (result: Result<unknown, LoginFailure | RegisterFailure>): string =>
  result.ok ? 'ok' : RESULT_OF[result.error.kind];

const INVITE_CODE_BYTES = 16;

/** Accounts and who is logged in. Methods reject when the database or Redis cannot be reached. */
@Injectable()
export class AccountService {
  constructor(
    private readonly accounts: AccountRepository,
    private readonly passwords: Passwords,
    private readonly sessions: SessionStore,
    private readonly limits: AttemptLimits,
    private readonly endings: SessionEndings,
    private readonly unregistrations: Unregistrations,
    private readonly metrics: AuthMetrics,
  ) {}

  async register(account: RegisterRequest, address: string): Promise<Result<void, RegisterFailure>> {
    const registered = await this.tryRegister(account, address);
    this.metrics.registrations.inc({ result: resultOf(registered) });
    return registered;
  }

  async authenticate(credentials: LoginRequest, address: string): Promise<Result<Holder, LoginFailure>> {
    const authenticated = await this.tryAuthenticate(credentials, address);
    this.metrics.logins.inc({ result: resultOf(authenticated) });
    return authenticated;
  }

  /** Returns the cookie of a new session. */
  async startSession(holder: Holder): Promise<Result<string, LoginFailure>> {
    const cookie = await this.sessions.create(holder);
    if (await this.accounts.exists(holder.userId)) return ok(cookie);
    // The account was removed since the password was checked, maybe after its sessions were ended: end this one too.
    await this.sessions.endAll(holder.userId);
    return wrongCredentials();
  }

  async logout(active: ActiveSession): Promise<void> {
    await this.endings.end(active);
  }

  /** Removes the account and ends all its sessions; contacts and memberships follow by the message service. */
  async unregister(holder: Holder): Promise<void> {
    const removed = await this.accounts.remove(holder.userId);
    if (removed !== undefined) this.metrics.unregistrations.inc();
    await this.unregistrations.follow(removed ?? holder);
  }

  private async tryRegister(account: RegisterRequest, address: string): Promise<Result<void, RegisterFailure>> {
    const fromHere = await this.limits.registerFrom(address);
    if (fromHere !== undefined) return tooMany(fromHere);
    const wait = await this.limits.registerAs(await this.accounts.identityOf(account.username));
    if (wait !== undefined) return tooMany(wait);
    const added = await this.accounts.add({
      username: account.username.normalize('NFC'),
      passwordHash: await this.passwords.hash(account.password),
      inviteCode: randomBytes(INVITE_CODE_BYTES).toString('hex'),
    });
    return added ? ok(undefined) : err({ kind: 'USERNAME_TAKEN' });
  }

  private async tryAuthenticate(
    { username, password }: LoginRequest,
    address: string,
  ): Promise<Result<Holder, LoginFailure>> {
    const fromHere = await this.limits.loginFrom(address);
    if (fromHere !== undefined) return tooMany(fromHere);
    const identity = await this.accounts.identityOf(username);
    const wait = await this.limits.loginAs(identity);
    if (wait !== undefined) return tooMany(wait);
    const account = await this.find(username);
    if (!(await this.passwords.matches(account?.passwordHash, password)) || account === undefined) {
      return wrongCredentials();
    }
    await this.limits.loginSucceeded(identity);
    return ok({ userId: account.userId, username: account.username });
  }

  /** A name that nobody can register is not looked for: the database's comparison is looser than our rules. */
  private async find(username: string) {
    const name = RegisterRequest.shape.username.safeParse(username);
    return name.success ? this.accounts.findByName(name.data) : undefined;
  }
}
