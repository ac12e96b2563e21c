import { randomUUID } from 'node:crypto';
import type { UserCommandFrame } from '@parley/contracts';
import { channelId } from '@parley/protocol';
import { eventually } from '@parley/testing';
import { Limits } from '../src/user/limits.js';
import { FlakyDatabase } from './flaky-database.js';
import { originOf, type Person, Workbench } from './workbench.js';

let database: FlakyDatabase;
let bench: Workbench;
beforeAll(async () => {
  database = await FlakyDatabase.open();
  bench = await Workbench.open(new Limits(), database.address);
});
afterEach(async () => {
  database.mend();
  await eventually(() => bench.users.check());
});
afterAll(async () => {
  await bench.close();
  await database.close();
});

/** The database is back, and commands are waited for again. */
const recovered = (person: Person) =>
  eventually(async () =>
    expect(await bench.ask(person, { type: 'FETCH_CHANNELS_REQUEST' })).toMatchObject({
      type: 'FETCH_CHANNELS_RESPONSE',
    }),
  );

it('a commit whose answer is lost is neither undone nor done twice', async () => {
  const [ann, bob] = [await bench.person(), await bench.person()];
  await bench.ask(ann, { type: 'INVITE_REQUEST', userInviteCode: bob.code });
  database.loseAnswerTo('COMMIT');
  expect(await bench.ask(bob, { type: 'ACCEPT_REQUEST', username: ann.name })).toEqual({
    type: 'ACCEPT_RESPONSE',
    username: ann.name,
  });
  expect([await bench.contactCount(ann), await bench.contactCount(bob)]).toEqual([1, 1]);
});

it('a command waits out a short absence of the database', async () => {
  const ann = await bench.person();
  database.cut();
  const asked = bench.ask(ann, { type: 'FETCH_CHANNELS_REQUEST' });
  await database.refusal();
  database.mend();
  expect(await asked).toEqual({ type: 'FETCH_CHANNELS_RESPONSE', channels: [] });
});

it('a longer absence is answered with an ERROR, and the same frame succeeds afterwards', async () => {
  const [ann, bob] = [await bench.person(), await bench.person()];
  const invite = { type: 'INVITE_REQUEST', userInviteCode: bob.code } as const;
  database.cut();
  const began = performance.now();
  expect(await bench.ask(ann, invite)).toEqual({
    type: 'ERROR',
    messageType: 'INVITE_REQUEST',
    message: 'Invite failed.',
  });
  expect(performance.now() - began).toBeLessThan(5_000);
  // Whoever comes next is not kept waiting as long.
  await bench.ask(bob, { type: 'FETCH_USER_INVITECODE_REQUEST' });
  expect(performance.now() - began).toBeLessThan(6_000);
  database.mend();
  // The service looks by itself whether the database is back, a few times a second.
  await eventually(async () => expect(await bench.ask(ann, invite)).toMatchObject({ type: 'INVITE_RESPONSE' }));
}, 20_000);

it('a creation that failed with its commit in doubt is found by the same frame, from whichever socket', async () => {
  const [ann, bob] = [await bench.person(), await bench.person()];
  await recovered(ann);
  await bench.befriend(ann, bob);
  const create = {
    type: 'CREATE_REQUEST' as const,
    title: 'room',
    participantUsernames: [bob.name],
  } satisfies UserCommandFrame;
  database.loseAnswerTo('COMMIT', 'cut');
  expect(await bench.ask(ann, create)).toEqual({
    type: 'ERROR',
    messageType: 'CREATE_REQUEST',
    message: 'Create failed.',
  });
  database.mend();
  await eventually(async () => expect(await bench.headCounts(ann)).toEqual([2]));
  const elsewhere = { ...originOf(ann, randomUUID()), server: 'c2', connection: 'c2-boot-1' };
  const { deliveries, membersChanged } = await bench.commands.run({ origin: elsewhere, frame: create });
  expect(deliveries).toMatchObject([
    { only: { server: 'c2', connection: 'c2-boot-1' }, frame: { type: 'CREATE_RESPONSE', title: 'room' } },
    { userId: bob.id, frame: { type: 'NOTIFY_JOIN' } },
  ]);
  expect(membersChanged).toMatchObject({ joined: [ann.id, bob.id] });
  expect(await bench.headCounts(ann)).toEqual([2]);
  // What has been answered is over: the same wish once more is a second room.
  expect(await bench.ask(ann, create)).toMatchObject({ type: 'CREATE_RESPONSE' });
  expect(await bench.headCounts(ann)).toEqual([2, 2]);
}, 20_000);

it('a joining that failed with its commit in doubt is made known to the owner by the next attempt', async () => {
  const [ann, bob, cat] = [await bench.person(), await bench.person(), await bench.person()];
  await recovered(ann);
  await bench.befriend(ann, bob);
  const { membersChanged } = await bench.run(ann, {
    type: 'CREATE_REQUEST',
    title: 'room',
    participantUsernames: [bob.name],
  });
  const id = channelId(membersChanged?.channelId ?? 0);
  const inviteCode = (await bench.channels.load([id])).get(id)?.inviteCode ?? '';
  database.loseAnswerTo('COMMIT', 'cut');
  expect(await bench.ask(cat, { type: 'JOIN_REQUEST', inviteCode })).toMatchObject({ message: 'Join failed.' });
  database.mend();
  await recovered(cat);
  const again = await bench.run(cat, { type: 'JOIN_REQUEST', inviteCode });
  expect(again.deliveries).toMatchObject([{ frame: { message: 'Already joined.' } }]);
  expect(again.membersChanged).toEqual({ channelId: id, joined: [cat.id], gone: [] });
}, 20_000);
