import { integerVar, textVar } from '@parley/platform';

/** Configuration shared by every service that reads sessions: all of them must be given the same value. */
export const sessionEnv = {
  SESSION_TTL_SECONDS: integerVar({ min: 1, max: 2_592_000 })
    .default(300)
    .describe('A session ends after this long without a request or a sign of life of its socket.'),
};

/** Configuration shared by the services that pages of ours send a cookie to. */
export const originEnv = {
  ALLOWED_ORIGINS: textVar('a comma-separated list of same-host, * and origins like https://chat.example.org')
    .default('same-host')
    .describe(
      'Pages that may open sockets, and log in and out over plain HTTP. same-host: pages that come from the host they ask.',
    ),
};

export class SessionSettings {
  constructor(readonly ttlSeconds: number) {}
}
