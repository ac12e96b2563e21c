import { HttpException, Injectable, UnauthorizedException } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { AUTH_TEXT } from '@parley/protocol';
import { SessionGuard } from '@parley/session';
import { LOGIN_STRATEGY } from './login.strategy.js';

@Injectable()
export class LoginGuard extends AuthGuard(LOGIN_STRATEGY) {}

@Injectable()
export class LogoutGuard extends SessionGuard {
  protected override refusal(): HttpException {
    return new UnauthorizedException(AUTH_TEXT.logoutFailed);
  }
}

/** Without a session there is nothing to say about accounts: the refusal has no text. */
@Injectable()
export class UnregisterGuard extends SessionGuard {
  protected override refusal(): HttpException {
    return new HttpException('', 403);
  }
}
