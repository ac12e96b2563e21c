import {
  booleanVar,
  choiceVar,
  ConfigurationError,
  hostPortListVar,
  hostPortText,
  integerVar,
  secretVar,
  textVar,
} from '@parley/platform';
import type { z } from 'zod';
import type { KafkaOptions } from './kafka-handle.js';

/** The environment variables of this library; a program spreads them into its own schema. */
export const kafkaEnv = {
  KAFKA_BROKERS: hostPortListVar()
    .transform((brokers) => brokers.map(hostPortText))
    .meta({ accepted: 'a comma-separated list of host:port' })
    .describe('Kafka brokers to begin with; any one that answers leads to the rest.'),
  KAFKA_PARTITIONS: integerVar({ min: 1, max: 1_000 })
    .default(6)
    .describe('Partitions of the topics that are spread over instances, when they are created.'),
  KAFKA_REPLICATION_FACTOR: integerVar({ min: 1, max: 32 })
    .default(1)
    .describe('Copies of every topic, when it is created; at most the number of brokers.'),
  KAFKA_SSL: booleanVar()
    .default(false)
    .describe('Encrypts the connections to the brokers and checks whom they lead to.'),
  KAFKA_SASL_USERNAME: textVar().optional().describe('User at the brokers; goes with KAFKA_SASL_PASSWORD.'),
  KAFKA_SASL_PASSWORD: secretVar().optional().describe('Password at the brokers.'),
  KAFKA_SASL_MECHANISM: choiceVar(['plain', 'scram-sha-256', 'scram-sha-512'])
    .default('scram-sha-512')
    .describe('How user and password are sent to the brokers.'),
};

export type KafkaEnv = Readonly<z.output<z.ZodObject<typeof kafkaEnv>>>;

/** @throws ConfigurationError if only one of user name and password is set: a half-configured login is a mistake, not a choice. */
export function kafkaOptionsFrom(env: KafkaEnv, clientId: string): KafkaOptions {
  const { KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password, KAFKA_SASL_MECHANISM: mechanism } = env;
  if ((username === undefined) !== (password === undefined)) {
    const [missing, given] = username === undefined ? ['USERNAME', 'PASSWORD'] : ['PASSWORD', 'USERNAME'];
    throw new ConfigurationError([`KAFKA_SASL_${missing}: is missing, goes with KAFKA_SASL_${given}`]);
  }
  return {
    brokers: env.KAFKA_BROKERS,
    clientId,
    ssl: env.KAFKA_SSL,
    ...(username !== undefined && password !== undefined && { sasl: { username, password, mechanism } }),
  };
}
