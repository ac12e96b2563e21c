import { BadRequestException, HttpException } from '@nestjs/common';
import { AUTH_TEXT, PATHS } from '@parley/protocol';
import { InvalidRequest, TooManyAttempts } from './refusals.js';

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfterSeconds?: number;
}

/** Said when something the service depends on does not work; the same request may be sent again. */
const FAILED: Readonly<Record<string, string>> = {
  [PATHS.register]: AUTH_TEXT.registerFailed,
  [PATHS.login]: AUTH_TEXT.loginFailed,
  [PATHS.logout]: AUTH_TEXT.logoutFailed,
  [PATHS.unregister]: AUTH_TEXT.unregisterFailed,
};

/** Most of what fails is back within seconds: another server has to take over. */
const FAILED_RETRY_SECONDS = 2;

/** What the body parser does not read: longer than allowed, or in an encoding it does not know. */
const TOO_LONG = 413;
const UNKNOWN_ENCODING = 415;

/** The one place where whatever went wrong becomes an answer; nothing internal is told. */
export function answerTo(error: unknown, path: string): Answer {
  if (error instanceof TooManyAttempts) {
    return { status: 429, text: error.message, retryAfterSeconds: error.retryAfterSeconds };
  }
  if (!(error instanceof HttpException)) {
    return { status: 503, text: FAILED[path] ?? AUTH_TEXT.unavailable, retryAfterSeconds: FAILED_RETRY_SECONDS };
  }
  const status = error.getStatus();
  // The parser's own texts would repeat parts of the body.
  if (error instanceof BadRequestException && !(error instanceof InvalidRequest))
    return { status, text: AUTH_TEXT.notAnObject };
  if (status === TOO_LONG) return { status, text: AUTH_TEXT.bodyTooLong };
  if (status === UNKNOWN_ENCODING) return answerToUnreadable(path);
  return { status, text: error.message };
}

export const isFailure = (answer: Answer): boolean => answer.status >= 500;

function answerToUnreadable(path: string): Answer {
  if (path === PATHS.login) return { status: 401, text: AUTH_TEXT.notAuthenticated };
  return { status: 400, text: AUTH_TEXT.notAnObject };
}
