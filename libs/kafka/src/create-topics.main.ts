import { setTimeout as delay } from 'node:timers/promises';
import { topicLayout } from '@parley/contracts';
import { loadConfig, whyRefused } from '@parley/platform';
import { z } from 'zod';
import { KafkaAdmin } from './kafka-admin.js';
import { kafkaEnv, kafkaOptionsFrom } from './kafka-env.js';
import { createKafka } from './kafka-handle.js';
import { silentLog } from './silent-log.js';

/** Creates the topics that must exist before any service starts. Running it again changes nothing. */

const PATIENCE_MS = 60_000;
/** A broker that says no may still be starting, but then not for long. */
const REFUSAL_PATIENCE_MS = 3_000;
const HOUR_MS = 3_600_000;

async function main(): Promise<void> {
  const env = loadConfig(z.object(kafkaEnv));
  const admin = new KafkaAdmin(createKafka(kafkaOptionsFrom(env, 'create-topics'), silentLog));
  await awaitBroker(admin, env.KAFKA_BROKERS);
  for (const { name, partitions, retentionHours } of topicLayout) {
    const outcome = await admin.ensureTopic(name, {
      partitions: partitions === 'configured' ? env.KAFKA_PARTITIONS : partitions,
      replicationFactor: env.KAFKA_REPLICATION_FACTOR,
      ...(retentionHours !== undefined && { retentionMs: retentionHours * HOUR_MS }),
    });
    process.stdout.write(`${name}: ${outcome}\n`);
  }
}

async function awaitBroker(admin: KafkaAdmin, brokers: readonly string[]): Promise<void> {
  const startedAt = performance.now();
  for (;;) {
    try {
      await admin.ping();
      return;
    } catch (error) {
      const refusal = whyRefused(error);
      const waited = performance.now() - startedAt;
      if (refusal !== undefined && waited > REFUSAL_PATIENCE_MS) throw new Error(refusal, { cause: error });
      if (waited > PATIENCE_MS) throw new Error(`no broker answers at ${brokers.join(', ')}`, { cause: error });
      await delay(500);
    }
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`cannot create topics: ${error instanceof Error ? error.message : String(error)}\n`);
  // Not when everything has ended by itself: kafkajs goes on trying to connect for most of a minute.
  process.exit(1);
}
