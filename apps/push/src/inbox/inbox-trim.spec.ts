import type { UserDatabase } from '@parley/persistence';
import { createLogger, Metrics } from '@parley/platform';
import { userId } from '@parley/protocol';
import { PushMetrics } from '../push.metrics.js';
import { InboxRepository } from './inbox.repository.js';
import { InboxSize, InboxTrim } from './inbox-trim.js';

const MINUTE = 60_000;
const alice = userId(1);

/** The inbox of one person in memory, of which two entries are kept. */
function setUp(...created: number[]) {
  const clock = { now: 0 };
  const state = { created, statements: 0 };
  const query = async (sql: string, [, bound]: [unknown, number]): Promise<unknown> => {
    state.statements += 1;
    if (sql.startsWith('DELETE')) {
      const left = state.created.filter((at) => at >= bound || at >= clock.now - 10 * MINUTE);
      const affectedRows = state.created.length - left.length;
      state.created = left;
      return { affectedRows };
    }
    if (sql.includes('COUNT(*)')) return state.created.length > bound ? [{ user_id: alice }] : [];
    if (sql.includes('OFFSET')) return [{ created_at: state.created.toSorted((a, b) => b - a)[bound] }];
    return state.created.filter((at) => at < bound);
  };
  const trim = new InboxTrim(
    new InboxRepository({ source: { query } } as unknown as UserDatabase),
    new InboxSize(2),
    new PushMetrics(new Metrics('push')),
    createLogger({ service: 'push', instance: '1', level: 'silent' }),
  );
  trim.grown(alice);
  return { trim, clock, state };
}

describe('an inbox that has grown too large in a burst', () => {
  it('is trimmed once its entries are old enough, without another push', async () => {
    const { trim, clock, state } = setUp(1, 2, 3, 4);
    await trim.trim();
    expect(state.created).toEqual([1, 2, 3, 4]);
    clock.now = 11 * MINUTE;
    await trim.trim();
    expect(state.created).toEqual([3, 4]);
  });

  it('is left alone when all is done', async () => {
    const { trim, clock, state } = setUp(1, 2, 3);
    clock.now = 11 * MINUTE;
    await trim.trim();
    const { statements } = state;
    await trim.trim();
    expect([state.created, state.statements]).toEqual([[2, 3], statements]);
  });

  it('is left alone when what is too much came in one moment with what is kept', async () => {
    const { trim, state } = setUp(1, 1, 1);
    await trim.trim();
    const { statements } = state;
    await trim.trim();
    expect([state.created, state.statements]).toEqual([[1, 1, 1], statements]);
  });
});
