import { createParamDecorator, type HttpException, Injectable, UnauthorizedException } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { AUTH_TEXT } from '@parley/protocol';
import { SESSION_STRATEGY } from './session.strategy.js';
import type { ActiveSession } from './session-store.js';

/** Lets a request through that carries a live session; a subclass may word the refusal. */
@Injectable()
export class SessionGuard extends AuthGuard(SESSION_STRATEGY) {
  override handleRequest<T>(error: unknown, active: T | false | null | undefined): T {
    // A session store that cannot be asked is not a missing session.
    if (error instanceof Error) throw error;
    if (error) throw new Error('the session could not be looked up', { cause: error });
    if (!active) throw this.refusal();
    return active;
  }

  protected refusal(): HttpException {
    return new UnauthorizedException(AUTH_TEXT.notAuthenticated);
  }
}

/** The session that {@link SessionGuard} found. */
export const CurrentSession = createParamDecorator((_, context): ActiveSession => {
  const { user } = context.switchToHttp().getRequest<{ user?: ActiveSession }>();
  if (user === undefined) throw new Error('CurrentSession needs SessionGuard on its route');
  return user;
});
