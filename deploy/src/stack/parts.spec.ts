import { createTopology } from '../topology.js';
import { describe as describeStack } from './description.js';
import { stackParts } from './parts.js';

const secrets = {
  databasePassword: 'd'.repeat(16),
  redisPassword: 'r'.repeat(16),
  replicationPassword: 's'.repeat(16),
};

describe('a stack with a certificate', () => {
  const description = describeStack({
    stateDir: '/nowhere',
    tls: { certificate: '/tls/certificate.pem', key: '/tls/key.pem' },
  });
  const { services, balancers } = stackParts(description, createTopology(description), secrets);

  it('hands it to the load balancers', async () => {
    for (const balancer of balancers) {
      const { env } = await balancer.prepare();
      expect(env).toMatchObject({
        NGINX_TLS_CERTIFICATE: '/tls/certificate.pem',
        NGINX_TLS_KEY: '/tls/key.pem',
      });
    }
    expect(balancers).not.toEqual([]);
  });

  it('keeps session cookies from going any other way', async () => {
    const auth = services.filter(({ name }) => name.startsWith('auth-'));
    for (const service of auth) expect((await service.prepare()).env).toMatchObject({ COOKIE_SECURE: 'true' });
    expect(auth).not.toEqual([]);
  });
});
