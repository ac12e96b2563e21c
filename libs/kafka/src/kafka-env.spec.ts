import { z } from 'zod';
import { kafkaEnv, kafkaOptionsFrom } from './kafka-env.js';

const schema = z.object(kafkaEnv);

describe('kafkaEnv', () => {
  it('has a default for everything but the brokers', () => {
    expect(schema.parse({ KAFKA_BROKERS: 'a:9092, b:9092' })).toEqual({
      KAFKA_BROKERS: ['a:9092', 'b:9092'],
      KAFKA_PARTITIONS: 6,
      KAFKA_REPLICATION_FACTOR: 1,
      KAFKA_SSL: false,
      KAFKA_SASL_MECHANISM: 'scram-sha-512',
    });
  });

  it.each([
    ['KAFKA_BROKERS', { KAFKA_BROKERS: 'localhost' }],
    ['KAFKA_BROKERS', {}],
    ['KAFKA_PARTITIONS', { KAFKA_BROKERS: 'a:1', KAFKA_PARTITIONS: '0' }],
    ['KAFKA_SSL', { KAFKA_BROKERS: 'a:1', KAFKA_SSL: 'yes' }],
  ])('names %s when it is wrong', (name, env) => {
    expect(schema.safeParse(env).error?.issues[0]?.path[0]).toBe(name);
  });

  it('logs in only with both user name and password', () => {
    const env = schema.parse({ KAFKA_BROKERS: 'a:1', KAFKA_SASL_USERNAME: 'u' });
    expect(() => kafkaOptionsFrom(env, 'me')).toThrow('KAFKA_SASL_PASSWORD: is missing');
    const password = { KAFKA_SASL_PASSWORD: 'p' };
    expect(() => kafkaOptionsFrom({ ...env, KAFKA_SASL_USERNAME: undefined, ...password }, 'me')).toThrow(
      'KAFKA_SASL_USERNAME: is missing',
    );
    expect(kafkaOptionsFrom({ ...env, ...password }, 'me')).toEqual({
      brokers: ['a:1'],
      clientId: 'me',
      ssl: false,
      sasl: { username: 'u', password: 'p', mechanism: 'scram-sha-512' },
    });
  });
});
