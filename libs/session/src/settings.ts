import { integerVar } from '@parley/platform';

/** Configuration shared by every service that reads sessions: all of them must be given the same value. */
export const sessionEnv = {
  SESSION_TTL_SECONDS: integerVar({ min: 1, max: 2_592_000 })
    .default(300)
    .describe('A session ends after this long without a request or a sign of life of its socket.'),
};

export class SessionSettings {
  constructor(readonly ttlSeconds: number) {}
}
