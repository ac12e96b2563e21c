import { PATHS, PushInboxEntry, SESSION_COOKIE } from '@parley/protocol';
import { type Clock, systemClock } from './clock.js';
import type { Endpoints, Fetch } from './endpoints.js';
import { Unreachable } from './errors.js';
import type { Session } from './session.js';
import { userParameter } from './user-parameter.js';

export interface ApiAnswer {
  readonly status: number;
  /** True for 200. */
  readonly ok: boolean;
  readonly body: string;
  /** Seconds to wait before the next try, when the server says so (429, 503). */
  readonly retryAfter: number | undefined;
}

export interface LoginAnswer extends ApiAnswer {
  /** Present if and only if the login succeeded. */
  readonly session: Session | undefined;
}

/** Whether the session that was to end is no more; any other answer than these leaves it alive. */
export const isLoggedOut = ({ ok, status }: ApiAnswer): boolean => ok || status === 401;

interface Call {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

const TIMEOUT_MS = 15_000;

/** Carried out a second time, these would fail and tell the user the opposite of what has happened. */
const ONCE: ReadonlySet<string> = new Set([PATHS.register, PATHS.unregister]);

/** How Node says that no connection was made. */
const NOT_CONNECTED: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  // Of a connection that is made, the timeout below is over long before.
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** A service that cannot do its work now is asked again a few times, where that does no harm: a failover takes seconds. */
const BUSY = { status: 503, tries: 4, longestWaitMs: 3_000 };

/**
 * The REST side. An HTTP status, whatever it is, is an answer; only a server that cannot be reached sends the request
 * to the next one. Throws Unreachable when none can be reached, NoAnswer when one stays silent, or may have carried out
 * what must not be repeated.
 */
export class Api {
  constructor(
    private readonly endpoints: Endpoints,
    private readonly fetch: Fetch = (url, init) => globalThis.fetch(url, init),
    private readonly clock: Clock = systemClock,
  ) {}

  register(username: string, password: string): Promise<ApiAnswer> {
    return this.#post(PATHS.register, undefined, { username, password });
  }

  /** Tries again for some seconds while the service is busy. */
  async login(username: string, password: string): Promise<LoginAnswer> {
    const answer = await this.#patiently(() => this.#post(PATHS.login, undefined, { username, password }));
    return { ...answer, session: answer.ok ? { username, cookie: answer.body } : undefined };
  }

  /** Tries again for some seconds while the service is busy. */
  logout(session: Session): Promise<ApiAnswer> {
    return this.#patiently(() => this.#post(PATHS.logout, session));
  }

  unregister(session: Session): Promise<ApiAnswer> {
    return this.#post(PATHS.unregister, session);
  }

  /** What was pushed to the user while no screen showed it, newest first; undefined without a valid session. */
  async pushInbox(session: Session): Promise<readonly PushInboxEntry[] | undefined> {
    const answer = await this.#request(PATHS.pushInbox, session);
    return answer.ok ? PushInboxEntry.array().parse(JSON.parse(answer.body)) : undefined;
  }

  async #patiently(request: () => Promise<ApiAnswer>): Promise<ApiAnswer> {
    for (let tries = 1; ; tries += 1) {
      const answer = await request();
      if (answer.status !== BUSY.status || tries === BUSY.tries) return answer;
      const waitMs = Math.min((answer.retryAfter ?? 1) * 1_000, BUSY.longestWaitMs);
      await new Promise<void>((resolve) => this.clock.after(waitMs, resolve));
    }
  }

  #post(path: string, session: Session | undefined, body?: object): Promise<ApiAnswer> {
    const json = body === undefined ? {} : { body: JSON.stringify(body) };
    const type = body === undefined ? {} : { 'Content-Type': 'application/json' };
    return this.#request(path, session, { method: 'POST', headers: type, ...json });
  }

  #request(path: string, session: Session | undefined, init: Call = {}): Promise<ApiAnswer> {
    const query = session === undefined ? '' : new URLSearchParams(userParameter(session)).toString();
    const pathAndQuery = query === '' ? path : `${path}?${query}`;
    const headers = { ...init.headers, ...cookieOf(session) };
    return this.endpoints.firstReachable(async (baseUrl) => {
      const response = await this.#send(baseUrl + pathAndQuery, { ...init, headers }, ONCE.has(path));
      const retryAfter = Number(response.headers.get('retry-after') ?? NaN);
      return {
        status: response.status,
        ok: response.status === 200,
        body: await response.text(),
        retryAfter: Number.isNaN(retryAfter) ? undefined : retryAfter,
      };
    });
  }

  async #send(url: string, init: RequestInit, once: boolean): Promise<Response> {
    try {
      return await this.fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch (error) {
      // fetch reports every failure to get an answer as a TypeError; a timeout is none, the request may have been carried out.
      const isUnreachable = error instanceof TypeError && (!once || isUnconnected(error.cause));
      if (isUnreachable) throw new Unreachable(`${url} cannot be reached.`, { cause: error });
      throw new NoAnswer(`${url} did not answer.`, { cause: error });
    }
  }
}

/** There is no answer, in time or at all: the request may have been carried out. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

const cookieOf = (session: Session | undefined): Record<string, string> =>
  session?.cookie === undefined ? {} : { Cookie: `${SESSION_COOKIE}=${session.cookie}` };

/** Nothing can have been carried out. A browser does not say why there is no answer: it may have been. */
function isUnconnected(cause: unknown): boolean {
  if (typeof cause !== 'object' || cause === null) return false;
  // One error for each address of a name.
  if ('errors' in cause && Array.isArray(cause.errors)) return cause.errors.every(isUnconnected);
  return 'code' in cause && NOT_CONNECTED.has(cause.code);
}
