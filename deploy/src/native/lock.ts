import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DeployError } from '../errors.js';
import { identify, isAlive } from './proc-fs.js';

const Holder = z.object({ pid: z.number().int(), startTime: z.string() });

async function holderOf(path: string) {
  const text = await readFile(path, 'utf8').catch(() => '{}');
  const parsed = Holder.safeParse(JSON.parse(text || '{}'));
  return parsed.success && (await isAlive(parsed.data)) ? parsed.data : undefined;
}

/** Runs `work` while no other process starts or stops the stack in `stateDir`. */
export async function withStackLock<T>(stateDir: string, work: () => Promise<T>): Promise<T> {
  await mkdir(stateDir, { recursive: true });
  const path = join(stateDir, 'lock');
  const holder = await holderOf(path);
  if (holder) throw new DeployError(`another start or stop is running (pid ${holder.pid}): wait for it to end`);
  await rm(path, { force: true });
  const file = await open(path, 'wx').catch(() => {
    throw new DeployError('another start or stop has just begun: wait for it to end');
  });
  await file.writeFile(JSON.stringify(await identify(process.pid)));
  await file.close();
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}
