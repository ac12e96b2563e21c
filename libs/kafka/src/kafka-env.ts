import { z } from 'zod';
import type { KafkaOptions } from './kafka-handle.js';

const flag = z.enum(['true', 'false']).transform((text) => text === 'true');
const count = (byDefault: number) => z.coerce.number().int().min(1).max(1_000).default(byDefault);

/** The environment variables of this library; a service spreads them into its own schema. */
export const kafkaEnv = {
  /** Comma-separated `host:port`. */
  KAFKA_BROKERS: z
    .string()
    .transform((text) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    )
    .pipe(z.array(z.string().regex(/^[^\s:]+:\d{1,5}$/, 'must be host:port')).min(1)),
  KAFKA_PARTITIONS: count(6),
  KAFKA_REPLICATION_FACTOR: count(1),
  KAFKA_SSL: flag.default(false),
  KAFKA_SASL_USERNAME: z.string().min(1).optional(),
  KAFKA_SASL_PASSWORD: z.string().min(1).optional(),
  KAFKA_SASL_MECHANISM: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).default('scram-sha-512'),
};

export type KafkaEnv = z.infer<z.ZodObject<typeof kafkaEnv>>;

/** @throws Error if only one of user name and password is set: a half-configured login is a mistake, not a choice. */
export function kafkaOptionsFrom(env: KafkaEnv, clientId: string): KafkaOptions {
  const { KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password, KAFKA_SASL_MECHANISM: mechanism } = env;
  if ((username === undefined) !== (password === undefined)) {
    throw new Error('KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD must be set together');
  }
  return {
    brokers: env.KAFKA_BROKERS,
    clientId,
    ssl: env.KAFKA_SSL,
    ...(username !== undefined && password !== undefined && { sasl: { username, password, mechanism } }),
  };
}
