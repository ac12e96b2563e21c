import { createHash } from 'node:crypto';
import { SESSION_COOKIE, UserId } from '@parley/protocol';
import { z } from 'zod';

/** What a session says about its holder; stored as a Redis hash under {@link redisKeys.session}. */
export const Session = z.object({ userId: UserId, username: z.string(), createdAt: z.string() });
export type Session = z.infer<typeof Session>;

/** Cookies are 48 base64 characters (36 random bytes). */
const COOKIE_VALUE = /^[A-Za-z0-9+/]{48}$/;

/** The name under which a session is stored; undefined for a value that cannot be a session cookie. */
export function sessionHash(cookieValue: string): string | undefined {
  return COOKIE_VALUE.test(cookieValue) ? createHash('sha256').update(cookieValue).digest('hex') : undefined;
}

/** Finds the session cookie in a `Cookie` header; accepts it percent-encoded, as browsers may send it. */
export function sessionCookie(header: string | undefined): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const [name, ...value] = part.trim().split('=');
    if (name !== SESSION_COOKIE) continue;
    try {
      return decodeURIComponent(value.join('='));
    } catch {
      return undefined;
    }
  }
  return undefined;
}
