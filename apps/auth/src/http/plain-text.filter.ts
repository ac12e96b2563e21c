import { type ArgumentsHost, Catch } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { Log } from '@parley/platform';
import type { Request, Response } from 'express';
import { AuthMetrics } from '../auth.metrics.js';
import { answerTo, isFailure } from './answers.js';

const OWN_PATHS = '/api/v1/auth/';

/** Answers everything that goes wrong under our own paths in plain text, as successes are. */
@Catch()
export class PlainTextFilter extends BaseExceptionFilter {
  constructor(
    private readonly metrics: AuthMetrics,
    private readonly log: Log,
  ) {
    super();
  }

  override catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    if (!request.path.startsWith(OWN_PATHS)) {
      // oxlint-disable-next-line promise/valid-params -- this is a filter, not a promise
      super.catch(error, host);
      return;
    }
    const answer = answerTo(error, request.path);
    if (isFailure(answer)) {
      this.metrics.failures.inc({ path: request.path });
      this.log.error({ path: request.path, error }, 'a request failed');
    }
    const response = host.switchToHttp().getResponse<Response>();
    if (response.headersSent) return;
    if (answer.retryAfterSeconds !== undefined) response.setHeader('Retry-After', answer.retryAfterSeconds);
    response.status(answer.status).type(PLAIN_TEXT).send(answer.text);
  }
}

export const PLAIN_TEXT = 'text/plain;charset=UTF-8';
