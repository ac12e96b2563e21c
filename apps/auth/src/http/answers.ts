import { BadRequestException, HttpException } from '@nestjs/common';
import { AUTH_TEXT, PATHS } from '@parley/protocol';
import { z } from 'zod';
import { NOT_AN_OBJECT } from './json-body.js';
import { InvalidRequest, TooManyAttempts } from './refusals.js';

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfterSeconds?: number;
}

/** Said when something the service depends on does not work; the same request may be sent again. */
const FAILED: Readonly<Record<string, string>> = {
  [PATHS.register]: AUTH_TEXT.registerFailed,
  [PATHS.login]: 'Login failed.',
  [PATHS.logout]: AUTH_TEXT.logoutFailed,
  [PATHS.unregister]: AUTH_TEXT.unregisterFailed,
};

/** What the body parser throws for a body it does not read: too long, or in an encoding it does not know. */
const Unreadable = z.object({ statusCode: z.int().min(400).max(499) });

/** The one place where whatever went wrong becomes an answer; nothing internal is told. */
export function answerTo(error: unknown, path: string): Answer {
  if (error instanceof TooManyAttempts) {
    return { status: 429, text: error.message, retryAfterSeconds: error.retryAfterSeconds };
  }
  // The parser's own text would repeat parts of the body.
  if (error instanceof BadRequestException && !(error instanceof InvalidRequest)) {
    return { status: 400, text: NOT_AN_OBJECT };
  }
  if (error instanceof HttpException) return { status: error.getStatus(), text: error.message };
  const unreadable = Unreadable.safeParse(error);
  if (unreadable.success) return answerToUnreadable(unreadable.data.statusCode, path);
  return { status: 503, text: FAILED[path] ?? 'Unavailable.' };
}

export const isFailure = (answer: Answer): boolean => answer.status >= 500;

function answerToUnreadable(statusCode: number, path: string): Answer {
  if (statusCode === 413) return { status: 413, text: 'Body is too long.' };
  if (path === PATHS.login) return { status: 401, text: AUTH_TEXT.notAuthenticated };
  return { status: 400, text: NOT_AN_OBJECT };
}
