import { redisKeys } from './redis-keys.js';

/** Services of two versions run side by side during an update: a key that changes loses sessions. */
const KEYS = {
  session: [redisKeys.session('9f86'), 'parley:session:9f86'],
  userSessions: [redisKeys.userSessions(7), 'parley:user:7:sessions'],
  attempts: [redisKeys.attempts('login', 'name:ann'), 'parley:attempts:login:name:ann'],
  connectionServer: [redisKeys.connectionServer('1'), 'parley:connection-server:1'],
  userServers: [redisKeys.userServers(7), 'parley:user:7:servers'],
  usernameOf: [redisKeys.usernameOf(7), 'parley:username:7'],
  inviteCodeOf: [redisKeys.inviteCodeOf(7), 'parley:invite-code:7'],
  userOfInviteCode: [redisKeys.userOfInviteCode('9f86'), 'parley:user-of-invite-code:9f86'],
  userOfName: [redisKeys.userOfName('ann'), 'parley:user-of-name:ann'],
} as const satisfies Record<keyof typeof redisKeys, readonly [string, string]>;

describe('Redis keys', () => {
  it.each(Object.entries(KEYS))('%s stays as it is', (_, [key, expected]) => {
    expect(key).toBe(expected);
  });

  it('leave the choice of the slot to the whole key', () => {
    for (const [key] of Object.values(KEYS)) expect(key).not.toMatch(/[{}]/);
  });
});
