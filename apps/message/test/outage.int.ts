import { eventually } from '@parley/testing';
import { Limits } from '../src/user/limits.js';
import { FlakyDatabase } from './flaky-database.js';
import { Workbench } from './workbench.js';

let database: FlakyDatabase;
let bench: Workbench;
beforeAll(async () => {
  database = await FlakyDatabase.open();
  bench = await Workbench.open(new Limits(), database.address);
});
afterEach(() => database.mend());
afterAll(async () => {
  await bench.close();
  await database.close();
});

it('D12: a commit whose answer is lost is neither undone nor done twice', async () => {
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
  setTimeout(() => database.mend(), 300);
  expect(await asked).toEqual({ type: 'FETCH_CHANNELS_RESPONSE', channels: [] });
});

it('D10: a longer absence is answered with an ERROR, and the same frame succeeds afterwards', async () => {
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
