import type { System } from '@parley/testing';
import { Redis } from 'ioredis';

/**
 * Names of the nodes that are masters now, in the order of their slots: roles change hands when one has been away, and
 * by this order the one that has taken its place stands where it stood.
 */
export async function redisMasters(system: System): Promise<string[]> {
  const password = system.stack.env['REDIS_PASSWORD'] ?? '';
  const masters = await Promise.all(
    system.stack.topology.redis.nodes.map(async ({ name, port }) => {
      const node = new Redis({ host: '127.0.0.1', port, password, lazyConnect: true });
      try {
        await node.connect();
        const firstSlot = firstSlotOf(String(await node.cluster('NODES')));
        return firstSlot === undefined ? [] : [{ name, firstSlot }];
      } finally {
        node.disconnect();
      }
    }),
  );
  return masters
    .flat()
    .sort((a, b) => a.firstSlot - b.firstSlot)
    .map(({ name }) => name);
}

/** Of the node that answers; only a master has slots. */
export function firstSlotOf(nodes: string): number | undefined {
  const own = nodes.split('\n').find((line) => line.includes('myself'));
  const slots = /^(?:\S+ ){8}(\d+)/.exec(own ?? '')?.[1];
  return slots === undefined ? undefined : Number(slots);
}
