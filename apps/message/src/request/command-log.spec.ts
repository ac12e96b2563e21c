import { jest } from '@jest/globals';
import type { UserDatabase } from '@parley/persistence';
import { z } from 'zod';
import { CommandLog } from './command-log.js';
import { Patience } from './patience.js';

const coded = (code: string) => Object.assign(new Error(code), { code });

/** The log of commands in memory; `failures` are thrown by the next transactions, at their end. */
function setUp() {
  const outcomes = new Map<string, string>();
  const failures: Error[] = [];
  const deleted: number[] = [];
  const query = async (sql: string, [first, second]: string[] = []): Promise<unknown> => {
    if (sql.startsWith('INSERT')) {
      if (first === 'refused') throw coded('ER_PARSE_ERROR');
      if (first === 'gone' || (first !== undefined && outcomes.has(first))) throw coded('ER_DUP_ENTRY');
    }
    if (sql.startsWith('UPDATE') && first !== undefined && second !== undefined) outcomes.set(second, first);
    if (sql.startsWith('SELECT')) return outcomes.has(first ?? '') ? [{ outcome: outcomes.get(first ?? '') }] : [];
    if (sql.startsWith('DELETE')) return { affectedRows: deleted.shift() ?? 0 };
    return [];
  };
  const transaction = async <T>(work: (tx: { query: typeof query }) => Promise<T>): Promise<T> => {
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
    return work({ query });
  };
  const users = { source: { transaction, query } } as unknown as UserDatabase;
  return { log: new CommandLog(users), failures, deleted, outcomes };
}

describe('the log of commands', () => {
  let runs = 0;
  const work = async (): Promise<number> => (runs += 1);
  beforeEach(() => {
    runs = 0;
  });

  it('gives a request that comes again the outcome of its first run', async () => {
    const { log } = setUp();
    expect([await log.once('a', z.number(), work), await log.once('a', z.number(), work)]).toEqual([1, 1]);
    expect(runs).toBe(1);
  });

  it('runs a transaction again that has lost against another one', async () => {
    const { log, failures } = setUp();
    failures.push(coded('ER_LOCK_DEADLOCK'), coded('ER_LOCK_DEADLOCK'));
    expect(await log.once('a', z.number(), work)).toBe(1);
  });

  it('gives up on a transaction that loses again and again', async () => {
    const { log, failures } = setUp();
    failures.push(...Array.from({ length: 21 }, () => coded('ER_LOCK_DEADLOCK')));
    await expect(log.once('a', z.number(), work)).rejects.toThrow('ER_LOCK_DEADLOCK');
    expect(await log.once('a', z.number(), work)).toBe(1);
  });

  it.each([
    ['refused', 'ER_PARSE_ERROR'],
    ['gone', 'the outcome of request gone is gone'],
  ])('does not hide that a request is %s', async (request, text) => {
    const { log } = setUp();
    await expect(log.once(request, z.number(), work)).rejects.toThrow(text);
    expect(runs).toBe(0);
  });

  it('is swept in small pieces until nothing old is left', async () => {
    const { log, deleted } = setUp();
    deleted.push(1_000, 1_000, 3, 7);
    await log.sweep();
    expect(deleted).toEqual([7]);
  });

  it('is swept now and then while the service runs, also after a sweep that failed', async () => {
    jest.useFakeTimers();
    try {
      const { log } = setUp();
      const sweep = jest.spyOn(log, 'sweep').mockRejectedValueOnce(new Error('away')).mockResolvedValue();
      log.onApplicationBootstrap();
      await jest.advanceTimersByTimeAsync(20 * 60_000);
      log.onModuleDestroy();
      await jest.advanceTimersByTimeAsync(20 * 60_000);
      expect(sweep).toHaveBeenCalledTimes(2);
    } finally {
      jest.useRealTimers();
    }
  });
});

describe('patience', () => {
  it('does not repeat what is wrong rather than unlucky', async () => {
    let tries = 0;
    const wrong = async (): Promise<never> => {
      tries += 1;
      throw coded('ER_PARSE_ERROR');
    };
    await expect(new Patience().of(wrong)).rejects.toThrow('ER_PARSE_ERROR');
    expect(tries).toBe(1);
  });

  it('rides out a database that is away for a moment', async () => {
    let tries = 0;
    const unlucky = async (): Promise<number> => {
      tries += 1;
      if (tries === 1) throw coded('ECONNREFUSED');
      return tries;
    };
    expect(await new Patience().of(unlucky)).toBe(2);
  });
});
