import type { UserUnregistered } from '@parley/contracts';
import type { UserDatabase } from '@parley/persistence';
import { userId } from '@parley/protocol';
import type { CommandLog } from '../request/command-log.js';
import { Unregistration } from './unregistration.js';
import type { UserDirectory } from './user-directory.js';

const ann: UserUnregistered = { kind: 'USER_UNREGISTERED', userId: userId(3), username: 'ann' };

/** A user database in which the account is noted as gone and has nothing else left. */
function setUp() {
  const steps: string[] = [];
  const state = { isNoted: true, redisAnswers: true };
  const query = async (sql: string): Promise<unknown> => {
    if (sql.startsWith('SELECT')) return state.isNoted ? [{}] : [];
    if (sql.startsWith('DELETE FROM user_unregistered')) state.isNoted = false;
    return { affectedRows: 0 };
  };
  const once = async (request: string): Promise<unknown> => {
    steps.push(request);
    return { isDone: true, left: [] };
  };
  const unregistration = new Unregistration(
    { once } as unknown as CommandLog,
    { source: { query } } as unknown as UserDatabase,
    { forget: async () => state.redisAnswers } as unknown as UserDirectory,
    { deliver: async () => void steps.push('tell') },
    { sendAll: async () => void steps.push('tell owners') },
  );
  return { unregistration, steps, state };
}

const oneRun = ['unregister-3-0', 'tell', 'tell owners'];

describe('an unregistration', () => {
  it('that is announced again after it is done ends at once', async () => {
    const { unregistration, steps, state } = setUp();
    await unregistration.run(ann);
    expect([steps, state.isNoted]).toEqual([oneRun, false]);
    await unregistration.run(ann);
    expect(steps).toEqual(oneRun);
  });

  it('is done again as long as it has not come to its end', async () => {
    const { unregistration, steps, state } = setUp();
    state.redisAnswers = false;
    await unregistration.run(ann);
    state.redisAnswers = true;
    await unregistration.run(ann);
    expect([steps, state.isNoted]).toEqual([[...oneRun, ...oneRun], false]);
  });
});
