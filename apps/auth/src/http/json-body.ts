import { AUTH_TEXT } from '@parley/protocol';
import type { z } from 'zod';
import { InvalidRequest } from './refusals.js';

/** What a request must have for its body to be read as JSON at all. */
export interface JsonRequest {
  readonly headers: { readonly 'content-type'?: string | undefined };
  readonly body?: unknown;
}

export const claimsJson = (request: JsonRequest): boolean =>
  /^application\/json\b/i.test(request.headers['content-type'] ?? '');

/**
 * Reads a body once, at the edge; unknown fields are ignored.
 * @throws InvalidRequest naming the first thing that is wrong.
 */
export function jsonBody<S extends z.ZodType>(schema: S, request: JsonRequest): z.output<S> {
  if (typeof request.body !== 'object' || request.body === null || Array.isArray(request.body)) {
    throw new InvalidRequest(AUTH_TEXT.notAnObject);
  }
  const body = schema.safeParse(request.body);
  if (body.success) return body.data;
  const [issue] = body.error.issues;
  throw new InvalidRequest(issue === undefined ? AUTH_TEXT.notAnObject : sentence(issue));
}

function sentence(issue: z.core.$ZodIssue): string {
  const field = issue.path.map(String).join('.');
  const text = issue.message.startsWith(field) ? issue.message : `${field}: ${issue.message}`;
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
