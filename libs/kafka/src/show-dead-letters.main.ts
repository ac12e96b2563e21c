import { randomUUID } from 'node:crypto';
import { DEAD_LETTER_TOPIC } from '@parley/contracts';
import { loadConfig } from '@parley/platform';
import type { Admin, KafkaMessage } from 'kafkajs';
import { z } from 'zod';
import { KafkaAdmin } from './kafka-admin.js';
import { kafkaEnv, kafkaOptionsFrom } from './kafka-env.js';
import { createKafka } from './kafka-handle.js';
import { silentLog } from './silent-log.js';

/**
 * Prints every dead letter as one line of JSON, oldest first, and ends. Changes nothing. The values are the records as
 * they came: they hold what people wrote.
 */

async function main(): Promise<void> {
  const kafka = createKafka(kafkaOptionsFrom(loadConfig(z.object(kafkaEnv)), 'show-dead-letters'), silentLog);
  const client = kafka.client({ retry: { retries: 5 } });
  const [kept] = await offsetsOf(client.admin());
  // Retention may have emptied the topic again: nothing would ever come.
  if (kept === undefined || kept.low === kept.high) return;
  const groupId = `show-dead-letters-${randomUUID()}`;
  const consumer = client.consumer({ groupId });
  await consumer.connect();
  await consumer.subscribe({ topic: DEAD_LETTER_TOPIC, fromBeginning: true });
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      for (const message of batch.messages) process.stdout.write(`${lineFor(message)}\n`);
      if (BigInt(batch.lastOffset()) + 1n >= BigInt(kept.high)) finish();
    },
  });
  await finished;
  await consumer.disconnect();
  await new KafkaAdmin(kafka).deleteGroup(groupId);
}

async function offsetsOf(admin: Admin): Promise<{ low: string; high: string }[]> {
  await admin.connect();
  try {
    return await admin.fetchTopicOffsets(DEAD_LETTER_TOPIC);
  } finally {
    await admin.disconnect();
  }
}

function lineFor({ headers = {}, key, value, timestamp }: KafkaMessage): string {
  const facts = Object.entries(headers).flatMap(([name, content]) =>
    name.startsWith('dead-letter-') ? [[name.slice('dead-letter-'.length), String(content)]] : [],
  );
  const at = new Date(Number(timestamp)).toISOString();
  return JSON.stringify({ at, ...Object.fromEntries(facts), key: key?.toString(), value: value?.toString() });
}

try {
  await main();
} catch (error) {
  process.stderr.write(`cannot show dead letters: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
