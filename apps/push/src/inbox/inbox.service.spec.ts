import { type PushNotification, pushIdOfMessage } from '@parley/contracts';
import type { UserDatabase } from '@parley/persistence';
import { createLogger, Metrics } from '@parley/platform';
import { channelId, seq, type UserId, userId } from '@parley/protocol';
import type { PushProvider } from '../provider/push-provider.js';
import { PushMetrics } from '../push.metrics.js';
import { InboxRepository } from './inbox.repository.js';
import type { Push } from './inbox.rules.js';
import { InboxService } from './inbox.service.js';
import type { InboxTrim } from './inbox-trim.js';

interface Row {
  readonly userId: UserId;
  readonly pushId: string;
}

/** An inbox in memory, each statement of which is committed by itself; `failures` has one place for each insertion. */
function setUp(failures: (Error | undefined)[]) {
  const kept = new Map<string, Row>();
  const key = (row: Row): string => `${row.userId} ${row.pushId}`;
  const find = async ({ where }: { where: Row[] }) => where.filter((row) => kept.has(key(row)));
  const values = (rows: Row[]) => ({
    orIgnore: () => ({
      updateEntity: () => ({
        execute: async () => {
          const failure = failures.shift();
          if (failure !== undefined) throw failure;
          for (const row of rows) kept.set(key(row), row);
        },
      }),
    }),
  });
  const source = {
    getRepository: () => ({ find }),
    createQueryBuilder: () => ({ insert: () => ({ into: () => ({ values }) }) }),
  };
  const delivered: Push[] = [];
  const grown = new Set<UserId>();
  const metrics = new PushMetrics(new Metrics('push'));
  const inbox = new InboxService(
    new InboxRepository({ source } as unknown as UserDatabase),
    { deliver: async (pushes) => void delivered.push(...pushes) } satisfies PushProvider,
    { grown: (who: UserId) => void grown.add(who) } as unknown as InboxTrim,
    metrics,
    createLogger({ service: 'push', instance: '1', level: 'silent' }),
  );
  return { inbox, kept, delivered, grown, metrics };
}

const crowd = Array.from({ length: 600 }, (_, index) => userId(index + 1));
const message: PushNotification = {
  id: pushIdOfMessage(7, 3),
  request: 'r',
  userIds: crowd,
  frame: { type: 'NOTIFY_MESSAGE', channelId: channelId(7), messageSeqId: seq(3), username: 'carol', content: 'hello' },
};

describe('a batch of which only a part could be kept', () => {
  it('tells everybody once when it comes again', async () => {
    const { inbox, kept, delivered, grown, metrics } = setUp([undefined, new Error('deadlock')]);
    await expect(inbox.receive([message])).rejects.toThrow('deadlock');
    await inbox.receive([message]);
    expect(kept.size).toBe(600);
    expect(delivered.map((push) => push.userId)).toEqual(crowd);
    expect([...grown]).toEqual(crowd);
    expect((await metrics.recorded.get()).values[0]?.value).toBe(600);
  });
});
