import { mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { mendReplicas, switchSource, type SwitchOptions } from '@parley/deploy';
import { type ChannelId, UNAVAILABLE_TEXT } from '@parley/protocol';
import {
  channelOf,
  type Connected,
  enter,
  eventually,
  guests,
  logIn,
  nextSerial,
  startOwnStack,
  System,
  write,
  Writer,
} from '@parley/testing';

/** A system of its own in which each database has a replica: roles are changed and servers killed. */
const stack = await startOwnStack('failover', {
  profile: process.env['PARLEY_OWN_STACK_PROFILE'] === 'full' ? 'full' : 'single',
  replicated: true,
  scale: { message: 2 },
  env: { auth: { LOGIN_LIMIT_PER_ADDRESS_PER_MINUTE: '10000', REGISTER_LIMIT_PER_ADDRESS_PER_MINUTE: '10000' } },
});
const system = new System(stack);
const person = guests(system);

const urls = (name: string): string[] => (stack.env[name] ?? '').split(',');
/** The two servers of shard 1, as they began: where they are, and their names. */
const [first = ''] = urls('MESSAGE_SHARD_SOURCE_URLS');
const [second = ''] = urls('MESSAGE_SHARD_REPLICA_URLS');
const NAMES = ['database-shard-1', 'database-shard-1-replica'];

afterEach(async () => {
  await system.heal();
  await mendReplicas(stack, () => undefined);
}, 90_000);
afterAll(() => stack.wipe(), 60_000);

const messagesOn = async (server: string, channelId: number) =>
  (
    await system.rows(
      server,
      'SELECT message_sequence AS seq, content FROM message WHERE channel_id = ? ORDER BY message_sequence',
      [channelId],
    )
  ).map((row) => ({ seq: Number(row['seq']), content: String(row['content']) }));

const takesWrites = async (server: string) =>
  (await system.rows(server, 'SELECT @@global.read_only AS value'))[0]?.['value'] === 0;

type Progress = NonNullable<SwitchOptions['progress']>;

const servicePids = async () =>
  (await stack.status()).filter(({ name }) => /^(auth|connection|message|push)-/.test(name)).map(({ pid }) => pid);

/** Two people, entered, in a channel on each shard. */
async function channelsOnBothShards() {
  const [ann, bob] = [await person('ann'), await person('bob')];
  const channels = [await channelOf(ann, bob)];
  const frame = { type: 'CREATE_REQUEST', title: 'other', participantUsernames: [bob.name] };
  channels.push((await ann.wire.ask(frame, 'CREATE_RESPONSE')).channelId);
  const [onFirst, onSecond] = channels.toSorted((a, b) => (b % 2) - (a % 2));
  if (onFirst === undefined || onSecond === undefined) throw new Error('No two channels');
  return { ann, bob, onFirst, onSecond };
}

/** People who write in channels of shard 1, at once. */
async function load(writers: number): Promise<{ channelId: ChannelId; writers: Writer[]; people: Connected[] }> {
  const { ann, bob, onFirst: channelId } = await channelsOnBothShards();
  const { inviteCode } = await ann.wire.ask(
    { type: 'FETCH_CHANNEL_INVITECODE_REQUEST', channelId },
    'FETCH_CHANNEL_INVITECODE_RESPONSE',
  );
  const people = [ann, bob];
  while (people.length < writers) {
    const guest = await person('guest');
    await guest.wire.ask({ type: 'JOIN_REQUEST', inviteCode }, 'NOTIFY_JOIN');
    people.push(guest);
  }
  for (const one of people) await enter(one, channelId);
  return { channelId, people, writers: people.map((one) => new Writer(one, channelId)) };
}

async function expectNothingLost(server: string, channelId: number, writers: readonly Writer[]): Promise<void> {
  const stored = await messagesOn(server, channelId);
  const acknowledged = writers.flatMap((writer) => writer.acknowledged).toSorted((a, b) => a.seq - b.seq);
  expect(stored.map(({ seq }) => seq)).toEqual(stored.map((_, index) => index + 1));
  expect(stored).toEqual(acknowledged);
}

/** Whether a source waits for replicas, and for how many. */
const waitsFor = async (name: string): Promise<Record<string, string>> => {
  const status = "SHOW GLOBAL STATUS WHERE variable_name REGEXP '^Rpl_semi_sync_(master|source)_(status|clients)$'";
  const lines = (await stack.database(name).ask(status)).trim().split('\n');
  return Object.fromEntries(lines.map((line) => line.replace(/^Rpl_semi_sync_(master|source)_/i, '').split('\t')));
};

describe('a source with a replica', () => {
  it('acknowledges what the replica has received; for one that stands still it waits two seconds', async () => {
    const { ann, onFirst: channelId } = await channelsOnBothShards();
    const [source = '', replica = ''] = (await takesWrites(first)) ? NAMES : NAMES.toReversed();
    const inStep = { status: 'ON', clients: '1' };
    await eventually(async () => expect(await waitsFor(source)).toEqual(inStep));
    await stack.process(replica).pause();
    const began = performance.now();
    const writer = new Writer(ann, channelId);
    try {
      await writer.more(1);
      expect(performance.now() - began).toBeGreaterThan(1_500);
    } finally {
      await stack.process(replica).resume();
      await writer.stop();
    }
    await eventually(async () => expect(await waitsFor(source)).toEqual(inStep), 20_000);
    for (const server of [first, second]) await eventually(() => expectNothingLost(server, channelId, [writer]));
  }, 60_000);
});

describe('a source that is away', () => {
  it('costs only the writes of its shard: others go on, writers are told, history comes from the replica', async () => {
    const { ann, bob, onFirst, onSecond } = await channelsOnBothShards();
    for (const channelId of [onFirst, onSecond]) await write(ann, channelId, 'before');
    await eventually(async () => expect(await messagesOn(second, onFirst)).toHaveLength(1));
    await stack.process('database-shard-1').kill();
    const serial = nextSerial();
    const frame = { type: 'WRITE_MESSAGE', serial, channelId: onFirst, content: 'meanwhile' };
    const refused = ann.wire.askError(frame);
    expect(await write(bob, onSecond, 'unharmed')).toBe(2);
    expect(await refused).toBe(UNAVAILABLE_TEXT.WRITE_MESSAGE);
    const range = { type: 'FETCH_MESSAGES_REQUEST', channelId: onFirst, startMessageSeqId: 1, endMessageSeqId: 9 };
    const page = await bob.wire.ask(range, 'FETCH_MESSAGES_RESPONSE');
    expect(page.messages.map(({ content }) => content)).toEqual(['before']);
    await stack.process('database-shard-1').start();
    await eventually(async () => {
      ann.wire.take('ERROR');
      expect(await write(ann, onFirst, 'meanwhile', serial)).toBe(2);
    }, 30_000);
    expect(await messagesOn(first, onFirst)).toEqual([
      { seq: 1, content: 'before' },
      { seq: 2, content: 'meanwhile' },
    ]);
  }, 90_000);
});

describe('an orderly switch', () => {
  it('under load loses nothing, needs no restart, and can be made in both directions', async () => {
    const pids = await servicePids();
    const { channelId, writers } = await load(6);
    for (const [source, replica] of [
      [second, first],
      [first, second],
    ] as const) {
      await Promise.all(writers.map((writer) => writer.more(5)));
      const switched = await switchSource(stack, 1);
      expect(switched.replica).toBe('follows');
      expect([await takesWrites(source), await takesWrites(replica)]).toEqual([true, false]);
      await Promise.all(writers.map((writer) => writer.more(5)));
    }
    await Promise.all(writers.map((writer) => writer.stop()));
    for (const server of [first, second]) await eventually(() => expectNothingLost(server, channelId, writers));
    expect(await servicePids()).toEqual(pids);
  }, 120_000);

  it('of the user database is noticed by every service, and lists come from the new replica', async () => {
    const copied = () => system.total('message', /^message_reads_total\{what="channels",route="replica".*\} (\d+)/m);
    const pids = await servicePids();
    for (let i = 0; i < 2; i += 1) {
      await switchSource(stack, 'users');
      const { ann, onFirst } = await eventually(channelsOnBothShards, 20_000);
      expect(await write(ann, onFirst, 'hello')).toBe(1);
      // A health check in the moment of the switch keeps auth out of rotation until the next one.
      await eventually(() => logIn(system.server, ann.name), 20_000);
      const before = await copied();
      await eventually(async () => {
        const { channels } = await ann.wire.ask({ type: 'FETCH_CHANNELS_REQUEST' }, 'FETCH_CHANNELS_RESPONSE');
        expect(channels).toHaveLength(2);
        expect(await copied()).toBeGreaterThan(before);
      }, 20_000);
    }
    expect(await servicePids()).toEqual(pids);
  }, 120_000);

  it('that was interrupted is finished by the next one', async () => {
    const { ann, onFirst } = await channelsOnBothShards();
    await stack.database('database-shard-1').ask('SET GLOBAL read_only = 1');
    expect(
      await ann.wire.askError({ type: 'WRITE_MESSAGE', serial: nextSerial(), channelId: onFirst, content: 'x' }),
    ).toBe(UNAVAILABLE_TEXT.WRITE_MESSAGE);
    expect(await switchSource(stack, 1)).toEqual({ source: 'database-shard-1', replica: 'follows' });
    await eventually(async () => expect(await write(ann, onFirst, 'y')).toBeGreaterThan(0), 20_000);
  }, 90_000);
});

describe('an old source whose disk is too full to write down whom it follows', () => {
  it('costs nothing but itself: the switch is done, and it is told again when it is back', async () => {
    const { ann, onFirst: channelId } = await channelsOnBothShards();
    const [oldName = '', newName = ''] = (await takesWrites(first)) ? NAMES : NAMES.toReversed();
    const behind = oldName === NAMES[0] ? first : second;
    const inTheWay = join(stack.database(oldName).dataDir, 'relay.index');
    const progress: Progress = (line) => {
      if (!line.endsWith('takes the writes')) return;
      rmSync(inTheWay, { force: true });
      mkdirSync(inTheWay);
    };
    expect(await switchSource(stack, 1, { progress })).toEqual({ source: newName, replica: 'is away' });
    await eventually(async () => expect(await write(ann, channelId, 'x')).toBe(1), 20_000);
    await stack.process(oldName).kill();
    rmdirSync(inTheWay);
    await stack.process(oldName).start();
    await mendReplicas(stack, () => undefined);
    const stored = [{ seq: 1, content: 'x' }];
    await eventually(async () => expect(await messagesOn(behind, channelId)).toEqual(stored), 30_000);
    expect(await switchSource(stack, 1)).toEqual({ source: oldName, replica: 'follows' });
  }, 120_000);
});

/** Ends when the server is killed. */
function holdLock(name: string, sql: string): void {
  stack
    .database(name)
    .ask(`${sql}; SELECT SLEEP(80)`)
    .catch(() => undefined);
}

/** As with a full disk: it answers, but no commit of anybody ends. */
async function keepFromCommitting(name: string): Promise<void> {
  const database = stack.database(name);
  holdLock(name, 'FLUSH TABLES WITH READ LOCK');
  await eventually(async () => expect(await database.commits()).toBe(false), 20_000);
  expect(await database.answers()).toBe(true);
}

/** It commits until it is to refuse writes, which waits for a table that somebody holds; then its disk becomes full. */
async function getStuckInTheMiddle(name: string): Promise<Progress> {
  const database = stack.database(name);
  holdLock(name, 'LOCK TABLES mysql.time_zone_name WRITE');
  const held = "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP(80%'";
  await eventually(async () => expect((await database.ask(held)).trim()).toBe('1'));
  return (line) => {
    if (line.endsWith('takes no more writes')) holdLock(name, 'FLUSH TABLES WITH READ LOCK');
  };
}

describe('a source that fails under load', () => {
  it.each<[string, (name: string) => Promise<void | Progress>]>([
    ['killed', (name) => stack.process(name).kill()],
    ['stopped in its tracks', (name) => stack.process(name).pause()],
    ['unable to commit', keepFromCommitting],
    ['unable to commit, in the middle of the switch', getStuckInTheMiddle],
  ])(
    'loses no acknowledged message when its replica takes over, and comes back as the replica (%s)',
    async (_, fail) => {
      const pids = await servicePids();
      const { channelId, writers } = await load(6);
      const [before, after] = (await takesWrites(first)) ? [first, second] : [second, first];
      const oldName = before === first ? 'database-shard-1' : 'database-shard-1-replica';
      const old = stack.process(oldName);
      await Promise.all(writers.map((writer) => writer.more(10)));
      const progress = (await fail(oldName)) ?? undefined;
      expect(await switchSource(stack, 1, progress && { progress })).toMatchObject({ replica: 'is away' });
      await Promise.all(writers.map((writer) => writer.more(10)));
      await old.start();
      expect([await takesWrites(before), await takesWrites(after)]).toEqual([false, true]);
      const insert = system.rows(
        before,
        "INSERT INTO message (channel_id, message_sequence, user_id, once, content) VALUES (1, 1, 1, 1, '')",
      );
      await expect(insert).rejects.toMatchObject({ errno: 1290 });
      await Promise.all(writers.map((writer) => writer.more(5)));
      await Promise.all(writers.map((writer) => writer.stop()));
      await expectNothingLost(after, channelId, writers);
      await mendReplicas(stack, () => undefined);
      await eventually(() => expectNothingLost(before, channelId, writers), 30_000);
      expect(await servicePids()).toEqual(pids);
    },
    120_000,
  );
});

describe('a replica that had not received everything', () => {
  const putAside = async (of: string) =>
    (await readdir(dirname(stack.database(of).dataDir))).filter((name) => name.startsWith(`${of}.put-aside-`));

  it('loses just that when its source crashes; what the old source held alone is put aside, and it is copied anew', async () => {
    const { ann, onFirst: channelId } = await channelsOnBothShards();
    const firstIsSource = await takesWrites(first);
    const [oldName = '', newName = ''] = firstIsSource ? NAMES : NAMES.toReversed();
    const [before, after] = firstIsSource ? [first, second] : [second, first];
    const earlier = await putAside(oldName);
    expect(await write(ann, channelId, 'received')).toBe(1);
    await eventually(async () => expect(await messagesOn(after, channelId)).toHaveLength(1));
    await stack.database(newName).stopReceiving();
    expect(await write(ann, channelId, 'alone')).toBe(2);
    await stack.process(oldName).kill();
    await expect(switchSource(stack, 1)).rejects.toThrow(`${newName} had stopped receiving from ${oldName}`);
    expect(await takesWrites(after)).toBe(false);
    await switchSource(stack, 1, { acceptLoss: true });
    await eventually(async () => {
      ann.wire.take('ERROR');
      expect(await write(ann, channelId, 'instead')).toBe(2);
    }, 30_000);
    await stack.process(oldName).start();
    await mendReplicas(stack, () => undefined);
    const stored = [
      { seq: 1, content: 'received' },
      { seq: 2, content: 'instead' },
    ];
    for (const server of [before, after])
      await eventually(async () => expect(await messagesOn(server, channelId)).toEqual(stored));
    // A source that was killed under load may have left one before.
    expect(await putAside(oldName)).toHaveLength(earlier.length + 1);
    // A copy is as good a source as any.
    expect(await switchSource(stack, 1)).toEqual({ source: oldName, replica: 'follows' });
    await eventually(async () => expect(await write(ann, channelId, 'again')).toBe(3), 20_000);
    await eventually(async () => expect(await messagesOn(after, channelId)).toHaveLength(3));
  }, 120_000);
});
