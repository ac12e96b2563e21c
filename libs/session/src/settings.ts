import { z } from 'zod';

/** Configuration shared by every service that reads sessions: all of them must be given the same value. */
export const sessionEnv = {
  /** A session ends after this many seconds without a request or a sign of life of its socket. */
  SESSION_TTL_SECONDS: z.coerce.number().int().min(1).max(2_592_000).default(300),
};

export class SessionSettings {
  constructor(readonly ttlSeconds: number) {}
}
