import { createServer } from 'node:net';
import { DeployError } from '../errors.js';
import type { Part } from './part.js';
import { listenerOf } from './proc-fs.js';

export const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)));
  });

/** Fails, naming the first taken port and who holds it, before anything is started. */
export async function requireFreePorts(parts: readonly Pick<Part, 'name' | 'ports'>[]): Promise<void> {
  const wanted = parts.flatMap((part) => part.ports.map((port) => ({ port, part })));
  const free = await Promise.all(wanted.map(({ port }) => isFree(port)));
  const taken = wanted.find((_, index) => !free[index]);
  if (taken === undefined) return;
  const holder = (await listenerOf(taken.port)) ?? 'another process';
  throw new DeployError(
    `port ${taken.port}, needed for ${taken.part.name}, is used by ${holder}: stop that, then start again`,
  );
}
