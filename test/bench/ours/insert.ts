import { setTimeout as delay } from 'node:timers/promises';
import type { Stack } from '@parley/deploy';
import { MessageStore } from '@parley/message/relay/message-store';
import { type Database, databaseEnv, databaseOptionsFrom, MessageShards } from '@parley/persistence';
import { loadConfig } from '@parley/platform';
import { z } from 'zod';
import { type Pace, paceOf, type Sizes, TABLE, withTable } from '../bounds/insert.ts';

const CONNECT_MS = 20_000;

/** The store of the message service, on the shards of the stack. */
export async function ourInserts(stack: Stack, sizes: Sizes): Promise<Pace> {
  const shards = new MessageShards(databaseOptionsFrom(loadConfig(z.object(databaseEnv), stack.env)));
  try {
    for (const shard of shards.all()) await connected(shard);
    const store = new MessageStore(besideMessages(shards));
    return await withTable(stack, undefined, () =>
      paceOf(stack, sizes, (shard, rows) => store.insert(shard + 1, rows)),
    );
  } finally {
    await Promise.all(shards.all().map((shard) => shard.close()));
  }
}

/** The same statements on the same connections, into a table of the benchmark: no channel has such messages. */
const besideMessages = (shards: MessageShards): MessageShards =>
  ({
    shard: (id: number) => {
      const { source } = shards.shard(id);
      const query = (sql: string, values: unknown[]): unknown =>
        source.query(sql.replace('INTO message ', `INTO ${TABLE} `), values);
      return { source: { query } };
    },
  }) as unknown as MessageShards;

async function connected(shard: Database): Promise<void> {
  shard.open();
  const giveUpAt = performance.now() + CONNECT_MS;
  for (;;) {
    try {
      return await shard.check();
    } catch (error) {
      if (performance.now() > giveUpAt) throw error;
      await delay(50);
    }
  }
}
