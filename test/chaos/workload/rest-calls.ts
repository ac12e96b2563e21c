import { type Api, type ApiAnswer, NoAnswer, type Session, Unreachable } from '@parley/client';
import { eventually, PASSWORD } from '@parley/testing';
import { setTimeout as delay } from 'node:timers/promises';
import type { EntryOf } from '../history/entries.js';
import type { History } from '../history/history.js';

const PATIENCE_MS = 60_000;
const AGAIN_MS = 500;

type Rest = EntryOf<'rest'>;
type Answer = Pick<ApiAnswer, 'ok' | 'status' | 'body'>;

let sessions = 0;

/** What a user does over REST: logs in and out, and reads the inbox of push. What becomes of each call is noted. */
export class RestCalls {
  constructor(
    private readonly api: Api,
    private readonly history: History,
    private readonly by: { readonly device: string; readonly user: string },
  ) {}

  newSession(): Promise<Session> {
    return eventually(async () => {
      const session = await this.logIn((sessions += 1));
      if (session !== undefined) return session;
      await delay(AGAIN_MS);
      throw new Error(`${this.by.user} cannot log in`);
    }, PATIENCE_MS);
  }

  /** Another session for a moment, as on a borrowed device: the inbox is read with it, and cannot be when it has ended. */
  async visit(): Promise<void> {
    const number = (sessions += 1);
    const session = await this.logIn(number);
    if (session === undefined) return;
    await this.call('inbox', number, () => this.inbox(session, 503));
    const loggedOut = await this.call('logout', number, () => this.api.logout(session));
    await this.call('inbox', number, () => this.inbox(session, loggedOut?.ok === true ? 401 : 503));
  }

  private async logIn(number: number): Promise<Session | undefined> {
    return (await this.call('login', number, () => this.api.login(this.by.user, PASSWORD)))?.session;
  }

  /** The SDK does not say why there is no inbox; `otherwise` is the status that it probably was. */
  private async inbox(session: Session, otherwise: number): Promise<Answer> {
    const ok = (await this.api.pushInbox(session)) !== undefined;
    return { ok, status: ok ? 200 : otherwise, body: '' };
  }

  /** Nothing is returned when there was no answer. */
  private async call<T extends Answer>(
    about: Rest['about'],
    session: number,
    ask: () => Promise<T>,
  ): Promise<T | undefined> {
    const note = (outcome: Rest['outcome'], text: string) =>
      this.history.add({ kind: 'rest', ...this.by, about, session, outcome, text });
    try {
      const answer = await ask();
      if (answer.ok) note('done', '');
      else note(answer.status === 401 ? 'refused' : 'failed', `${answer.status} ${answer.body}`.trim());
      return answer;
    } catch (error) {
      if (!(error instanceof Unreachable || error instanceof NoAnswer)) throw error;
      note('failed', error instanceof NoAnswer ? 'no answer' : 'no server can be reached');
      return undefined;
    }
  }
}
