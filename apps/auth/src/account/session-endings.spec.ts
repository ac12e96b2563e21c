import { connectionControl, redisKeys } from '@parley/contracts';
import type { BatchingProducer } from '@parley/kafka';
import { createLogger, Metrics, type RedisClient } from '@parley/platform';
import { userId } from '@parley/protocol';
import { SessionSettings, SessionStore } from '@parley/session';
import { AuthMetrics } from '../auth.metrics.js';
import { SessionEndings } from './session-endings.js';

const ANN = userId(1);
const session = (hash: string) => ({ hash, holder: { userId: ANN, username: 'ann', createdAt: '' } });

/** Sessions of ann in a Redis and a Kafka that can be told to fail. */
function setUp(...hashes: string[]) {
  const alive = new Set(hashes.map((hash) => redisKeys.session(hash)));
  const index = new Set(hashes);
  const failures: { redis?: Error; kafka?: Error } = {};
  const redis = {
    del: async (key: string) => (alive.delete(key) ? 1 : 0),
    smembers: async () => [...index],
    srem: async (_key: string, ...gone: string[]) => {
      if (failures.redis !== undefined) throw failures.redis;
      for (const hash of gone) index.delete(hash);
    },
  } as unknown as RedisClient;
  const told: unknown[] = [];
  const producer = {
    sendAll: async (records: { value: string }[]) => {
      if (failures.kafka !== undefined) throw failures.kafka;
      for (const { value } of records) {
        const record = connectionControl.decode(Buffer.from(value));
        told.push(record.ok && record.value.kind === 'SESSION_ENDED' && record.value.session);
      }
    },
  } as unknown as BatchingProducer;
  const endings = new SessionEndings(
    new SessionStore(redis, new SessionSettings(300)),
    producer,
    new AuthMetrics(new Metrics('auth')),
    createLogger({ service: 'auth', instance: '1', level: 'silent' }),
  );
  return { endings, alive, told, failures };
}

describe('the end of a session', () => {
  it('is told although the list of sessions cannot be reached', async () => {
    const { endings, alive, told, failures } = setUp('a', 'b');
    failures.redis = new Error('that part of Redis is away');
    await endings.end(session('a'));
    expect([alive.size, told]).toEqual([1, ['a']]);
  });

  it('holds while nobody can be told', async () => {
    const { endings, alive, failures } = setUp('a');
    failures.kafka = new Error('away');
    await endings.end(session('a'));
    expect(alive.size).toBe(0);
  });
});

describe('the end of all sessions of a user', () => {
  it('is told with the next attempt when it could not be told, and once when it could', async () => {
    const { endings, alive, told, failures } = setUp('a', 'b');
    failures.kafka = new Error('away');
    await expect(endings.endAll(ANN)).rejects.toThrow('away');
    expect([alive.size, told]).toEqual([0, []]);
    delete failures.kafka;
    await endings.endAll(ANN);
    await endings.endAll(ANN);
    expect(told).toEqual(['a', 'b']);
  });
});
