import { whyRefused } from './why-refused.js';

const coded = (message: string, fields: object, options?: ErrorOptions) =>
  Object.assign(new Error(message, options), fields);

describe('why a server refuses us', () => {
  it.each([
    ['Redis, a wrong password', new Error('WRONGPASS invalid username-password pair'), 'REDIS_PASSWORD'],
    ['Redis, no password', new Error('Ready check failed: NOAUTH Authentication required.'), 'REDIS_PASSWORD'],
    [
      'a node of a Redis cluster',
      coded('Failed to refresh slots cache.', { lastNodeError: new Error('WRONGPASS invalid') }),
      'REDIS_PASSWORD',
    ],
    [
      'a database, behind what wraps it',
      new Error('user-db is not connected', { cause: coded('no', { code: 'ER_ACCESS_DENIED_ERROR' }) }),
      'USER_DB_SOURCE_URL',
    ],
    ['a database without encryption', coded('no', { code: 'HANDSHAKE_NO_SSL_SUPPORT' }), 'DB_SSL'],
    [
      'Kafka',
      coded('SASL PLAIN authentication failed', { name: 'KafkaJSSASLAuthenticationError' }),
      'KAFKA_SASL_PASSWORD',
    ],
    ['Kafka without encryption', coded('Closed connection', { name: 'KafkaJSConnectionClosedError' }), 'KAFKA_SSL'],
    ['a certificate', coded('no', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), 'NODE_EXTRA_CA_CERTS'],
  ])('is told with the variable to look at: %s', (_what, error, variable) => {
    expect(whyRefused(error)).toContain(variable);
  });

  it('is not guessed for a server that is away', () => {
    expect(whyRefused(coded('connect ECONNREFUSED', { code: 'ECONNREFUSED' }))).toBeUndefined();
    expect(whyRefused('nothing')).toBeUndefined();
  });
});
