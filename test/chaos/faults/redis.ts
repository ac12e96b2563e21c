import type { System } from '@parley/testing';
import { Redis } from 'ioredis';

/** Names of the nodes that are masters now: roles change hands when one has been away. */
export async function redisMasters(system: System): Promise<string[]> {
  const password = system.stack.env['REDIS_PASSWORD'] ?? '';
  const roles = await Promise.all(
    system.stack.topology.redis.nodes.map(async ({ name, port }) => {
      const node = new Redis({ host: '127.0.0.1', port, password, lazyConnect: true });
      try {
        await node.connect();
        return (await node.info('replication')).includes('role:master') ? [name] : [];
      } finally {
        node.disconnect();
      }
    }),
  );
  return roles.flat();
}
