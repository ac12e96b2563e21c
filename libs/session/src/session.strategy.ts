import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-custom';
import { type ActiveSession, type SessionRequest, SessionStore } from './session-store.js';

/** Not `session`: Passport keeps that name for a strategy of its own. */
export const SESSION_STRATEGY = 'session-cookie';

/** Who a request comes from, by its session cookie. Every request of a session renews it. */
@Injectable()
export class SessionStrategy extends PassportStrategy(Strategy, SESSION_STRATEGY) {
  constructor(private readonly sessions: SessionStore) {
    super();
  }

  async validate(request: SessionRequest): Promise<ActiveSession | false> {
    return (await this.sessions.ofRequest(request)) ?? false;
  }
}
