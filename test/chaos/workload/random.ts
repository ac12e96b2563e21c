import type { Random } from '@parley/client';

export { seeded, shuffled } from '@parley/load/random';

export const below = (random: Random, bound: number): number => Math.floor(random() * bound);

export function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[below(random, items.length)];
  if (item === undefined) throw new Error('There is nothing to pick from');
  return item;
}
