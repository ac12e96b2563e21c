import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DeployError } from '../errors.js';

const StackSecrets = z.object({
  databasePassword: z.string().min(16),
  redisPassword: z.string().min(16),
  replicationPassword: z.string().min(16),
});
export type StackSecrets = Readonly<z.infer<typeof StackSecrets>>;

/** 32 characters: MySQL takes no longer password from a replica. */
const makeSecret = (): string => randomBytes(16).toString('hex');

/** The stack's secrets, made at random on first use and readable by their owner only. */
export async function loadSecrets(stateDir: string): Promise<StackSecrets> {
  const path = join(stateDir, 'secrets.json');
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text !== undefined) {
    const parsed = StackSecrets.safeParse(JSON.parse(text));
    if (!parsed.success)
      throw new DeployError(`${path} is damaged: restore it, or delete ${stateDir} with all its data`);
    return parsed.data;
  }
  const secrets = {
    databasePassword: makeSecret(),
    redisPassword: makeSecret(),
    replicationPassword: makeSecret(),
  };
  await mkdir(stateDir, { recursive: true });
  // 'wx': of two starters at once the second fails instead of replacing what the first already uses.
  const file = await open(path, 'wx', 0o600);
  await file.writeFile(JSON.stringify(secrets));
  await file.sync();
  await file.close();
  return secrets;
}
