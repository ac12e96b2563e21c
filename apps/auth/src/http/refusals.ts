import { BadRequestException, ConflictException, HttpException, UnauthorizedException } from '@nestjs/common';
import { AUTH_TEXT } from '@parley/protocol';
import type { LoginFailure, RegisterFailure } from '../account/account.service.js';

/** A request that cannot be understood or breaks a rule; the text says which one. */
export class InvalidRequest extends BadRequestException {}

export class TooManyAttempts extends HttpException {
  constructor(readonly retryAfterSeconds: number) {
    super(AUTH_TEXT.tooManyAttempts, 429);
  }
}

/** The HTTP answer to an expected failure. */
export function refusal(failure: LoginFailure | RegisterFailure): HttpException {
  switch (failure.kind) {
    case 'WRONG_CREDENTIALS':
      return new UnauthorizedException(AUTH_TEXT.notAuthenticated);
    case 'USERNAME_TAKEN':
      return new ConflictException(AUTH_TEXT.usernameTaken);
    case 'TOO_MANY_ATTEMPTS':
      return new TooManyAttempts(failure.retryAfterSeconds);
  }
}
