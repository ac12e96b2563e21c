import { redisKeys } from './redis-keys.js';

/** Services of two versions run side by side during an update: a key that changes loses sessions. */
const KEYS = {
  session: [redisKeys.session('9f86'), 'parley:session:9f86'],
  userSessions: [redisKeys.userSessions(7), 'parley:user:7:sessions'],
  attempts: [redisKeys.attempts('login', 'name:ann'), 'parley:attempts:login:name:ann'],
  connectionServer: [redisKeys.connectionServer('1'), 'parley:connection-server:1'],
  userServers: [redisKeys.userServers(7), 'parley:user:7:servers'],
  usernameOf: [redisKeys.usernameOf(7), 'message:username:7'],
  inviteCodeOf: [redisKeys.inviteCodeOf(7), 'message:user_invitecode:7'],
  userOfInviteCode: [redisKeys.userOfInviteCode('9f86'), 'message:user:9f86'],
  userOfName: [redisKeys.userOfName('ann'), 'message:user_id:ann'],
} as const satisfies Record<keyof typeof redisKeys, readonly [string, string]>;

describe('Redis keys', () => {
  it.each(Object.entries(KEYS))('%s stays as it is', (_, [key, expected]) => {
    expect(key).toBe(expected);
  });

  it('leave the choice of the slot to the whole key', () => {
    for (const [key] of Object.values(KEYS)) expect(key).not.toMatch(/[{}]/);
  });
});
