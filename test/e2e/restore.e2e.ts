import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startStack } from '@parley/deploy';
import {
  channelOf,
  type Connected,
  enter,
  logIn,
  newConnected,
  pushInbox,
  roomOf,
  startOwnStack,
  System,
  WireClient,
  write,
} from '@parley/testing';

/** A system of its own: its data are lost and restored, by the commands of docs/operations.md. */
let stack = await startOwnStack('restore', { engine: 'mariadb' });
const { description } = stack;
const { stateDir } = description;
const SCHEMAS = ['parley_users', 'parley_messages_1', 'parley_messages_2'];
const SOCKET = '--socket=mariadb/database/mysqld.sock';

afterAll(() => stack.wipe(), 60_000);

const shell = async (command: string): Promise<string> =>
  (await promisify(execFile)('bash', ['-ec', command], { cwd: stateDir })).stdout.trim();

const sql = (statement: string): Promise<string> => shell(`mariadb ${SOCKET} -N -e '${statement}'`);

const idOf = async ({ name }: { readonly name: string }): Promise<number> =>
  Number(await sql(`SELECT user_id FROM parley_users.message_user WHERE username = "${name}"`));

async function back(system: System, { name }: Connected): Promise<Connected> {
  const session = await logIn(system.server, name);
  return { name, session, wire: await WireClient.connect(system.server, session) };
}

/** What is written down there for all databases of one server. */
async function restore(): Promise<void> {
  await stack.stop();
  for (const folder of ['kafka', 'redis']) await rm(join(stateDir, folder), { recursive: true });
  stack = await startStack({ ...description, services: [], balancers: false });
  await shell(`mariadb ${SOCKET} < backup.sql`);
  const [user = 0, channel = 0] = await highestIds();
  await sql(`ALTER TABLE parley_users.message_user AUTO_INCREMENT = ${user + 1_000_000}`);
  await sql(`ALTER TABLE parley_users.channel AUTO_INCREMENT = ${channel + 1_000_000}`);
  await stack.stop();
  stack = await startStack(description);
}

/** Of users and of channels, in any shard. */
async function highestIds(): Promise<number[]> {
  const shards = SCHEMAS.slice(1).map((schema) => `SELECT user_id, channel_id FROM ${schema}.message`);
  const ids = await sql(`SELECT MAX(user_id), MAX(channel_id) FROM (${shards.join(' UNION ALL ')}) AS message`);
  return ids.split('\t').map(Number);
}

describe('a system that was restored from a backup', () => {
  it('goes on from there, gives no id again, and knows nobody who came later', async () => {
    let system = new System(stack);
    const [ann, bob] = [await newConnected(system.server, 'ann'), await newConnected(system.server, 'bob')];
    const channelId = await roomOf(ann, bob);
    await write(ann, channelId, 'kept');
    await shell(
      `mariadb-dump ${SOCKET} --single-transaction --add-drop-database --databases ${SCHEMAS.join(' ')} > backup.sql`,
    );
    await write(ann, channelId, 'written later');
    const cat = await newConnected(system.server, 'cat');
    const lost = await channelOf(cat, ann);
    const lostUser = await idOf(cat);
    for (const { wire } of [ann, bob, cat]) await wire[Symbol.asyncDispose]();

    await restore();
    system = new System(stack);
    await expect(pushInbox(system.server, cat)).rejects.toThrow('401');
    const dan = await newConnected(system.server, 'dan');
    expect(await idOf(dan)).toBeGreaterThan(lostUser);
    const again = { ann: await back(system, ann), bob: await back(system, bob) };
    expect((await enter(again.bob, channelId)).lastChannelMessageSeqId).toBe(1);
    await enter(again.ann, channelId);
    expect(await write(again.ann, channelId, 'written again')).toBe(2);
    const seen = await again.bob.wire.next('NOTIFY_MESSAGE');
    expect([seen.messageSeqId, seen.content]).toEqual([2, 'written again']);
    expect(await system.storedMessages(channelId)).toEqual([
      { seq: 1, content: 'kept' },
      { seq: 2, content: 'written again' },
    ]);
    expect(await channelOf(again.ann, dan)).toBeGreaterThan(lost);
    for (const { wire } of [dan, again.ann, again.bob]) await wire[Symbol.asyncDispose]();
  }, 360_000);
});
