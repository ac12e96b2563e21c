import { kafkaOptionsFrom } from '@parley/kafka';
import { authEnv } from '@parley/auth/config';
import { connectionEnv } from '@parley/connection/config';
import { messageEnv } from '@parley/message/config';
import { ConfigurationError, loadConfig } from '@parley/platform';
import { pushEnv } from '@parley/push/config';

const STRONG = 'f83kd02mx7qp';
const database = (password: string) => `mysql://parley:${password}@127.0.0.1/parley`;
const complete = {
  HTTP_PORT: '0',
  KAFKA_BROKERS: '127.0.0.1:9092',
  REDIS_NODES: '127.0.0.1:6379',
  REDIS_PASSWORD: STRONG,
  USER_DB_SOURCE_URL: database(STRONG),
  MESSAGE_SHARD_SOURCE_URLS: database(STRONG),
};
const services = { auth: authEnv, connection: connectionEnv, message: messageEnv, push: pushEnv };

/** Everything that is wrong with the configuration of a service, as it says itself when it is started. */
function complaints(service: keyof typeof services, over: Record<string, string>): string {
  try {
    const config = loadConfig(services[service], { ...complete, ...over });
    kafkaOptionsFrom(config, service);
    return '';
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
}

const WEAK = ['', 'none', 'hunter2-x', 'passwordpassword', 'aaaaaaaaaaaaaaaa'];
const withDatabase = ['auth', 'message', 'push'] as const;
const all = ['auth', 'connection', 'message', 'push'] as const;

describe('a service that is given a secret which could be guessed, or none', () => {
  it.each(all)('%s: starts with strong ones', (service) => expect(complaints(service, {})).toBe(''));

  it.each([
    ...all.map((service) => [service, 'REDIS_PASSWORD', (weak: string) => weak] as const),
    ...withDatabase.flatMap((service) => [
      [service, 'USER_DB_SOURCE_URL', database] as const,
      [service, 'USER_DB_REPLICA_URL', database] as const,
      [service, 'MESSAGE_SHARD_SOURCE_URLS', database] as const,
      [service, 'MESSAGE_SHARD_REPLICA_URLS', (weak: string) => `${database(STRONG)},${database(weak)}`] as const,
    ]),
  ])('%s: refuses to start and names %s', (service, variable, asValue) => {
    for (const weak of WEAK) {
      const said = complaints(service, { [variable]: asValue(weak) });
      expect(said).toMatch(new RegExp(`^${variable}: .*needs .*at least 12 characters`));
      if (weak !== '') expect(said).not.toContain(weak);
    }
  });

  it.each(all)('%s: refuses to start with half a login at Kafka, or a weak one, and names it', (service) => {
    expect(complaints(service, { KAFKA_SASL_USERNAME: 'parley' })).toMatch(/^KAFKA_SASL_PASSWORD: is missing/);
    expect(complaints(service, { KAFKA_SASL_PASSWORD: STRONG })).toMatch(/^KAFKA_SASL_USERNAME: is missing/);
    const weak = { KAFKA_SASL_USERNAME: 'parley', KAFKA_SASL_PASSWORD: 'kafka' };
    expect(complaints(service, weak)).toMatch(/^KAFKA_SASL_PASSWORD: needs a secret/);
  });
});
