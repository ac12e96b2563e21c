import { redisKeys } from '@parley/contracts';
import { nobody, type Person, Workbench } from './workbench.js';

let bench: Workbench;
beforeAll(async () => {
  bench = await Workbench.open();
});
afterAll(() => bench.close());

const unregister = async (person: Person): Promise<void> => {
  await bench.removeAccount(person);
  await bench.unregistration.run({ kind: 'USER_UNREGISTERED', userId: person.id, username: person.name });
};

describe('the own invite code', () => {
  it('is told', async () => {
    const ann = await bench.person();
    expect(await bench.ask(ann, { type: 'FETCH_USER_INVITECODE_REQUEST' })).toEqual({
      type: 'FETCH_USER_INVITECODE_RESPONSE',
      inviteCode: ann.code,
    });
  });

  it('is not had by someone without an account', async () => {
    expect(await bench.ask(nobody, { type: 'FETCH_USER_INVITECODE_REQUEST' })).toMatchObject({
      message: 'Fetch user invite code failed.',
    });
  });
});

it('answers LEAVE_REQUEST although nothing was entered', async () => {
  expect(await bench.ask(nobody, { type: 'LEAVE_REQUEST' })).toEqual({ type: 'LEAVE_RESPONSE' });
});

describe('names', () => {
  it('come from the cache when they can, from the database when they must', async () => {
    const ann = await bench.person();
    expect(await bench.directory.names([ann.id, nobody.id])).toEqual(new Map([[ann.id, ann.name]]));
    await bench.redis.set(redisKeys.usernameOf(ann.id), 'cached');
    expect(await bench.directory.names([ann.id])).toEqual(new Map([[ann.id, 'cached']]));
  });

  it('D26: are cached with an end', async () => {
    const ann = await bench.person();
    await bench.directory.names([ann.id]);
    expect(await bench.redis.get(redisKeys.usernameOf(ann.id))).toBe(ann.name);
    expect(await bench.redis.ttl(redisKeys.usernameOf(ann.id))).toBeGreaterThan(3_500);
  });
});

describe('D27: an unregistered user', () => {
  it('leaves no contact, membership, count or name behind, and the owners of channels are told', async () => {
    const [ann, bob, cat] = [await bench.person(), await bench.person(), await bench.person()];
    await bench.befriend(ann, bob);
    await bench.befriend(cat, ann);
    await bench.ask(ann, { type: 'INVITE_REQUEST', userInviteCode: (await bench.person()).code });
    const { membersChanged } = await bench.run(ann, {
      type: 'CREATE_REQUEST',
      title: 'room',
      participantUsernames: [bob.name, cat.name],
    });
    await bench.directory.names([ann.id]);

    await unregister(ann);

    expect([await bench.contactCount(bob), await bench.contactCount(cat)]).toEqual([0, 0]);
    expect([await bench.listed(bob, 'ACCEPTED'), await bench.headCounts(bob)]).toEqual([[], [2]]);
    expect(await bench.directory.names([ann.id])).toEqual(new Map());
    expect(await bench.ask(bob, { type: 'INVITE_REQUEST', userInviteCode: ann.code })).toMatchObject({
      message: 'Invalid invite code.',
    });
    expect(bench.relayed).toMatchObject([{ channelId: membersChanged?.channelId, joined: [], gone: [ann.id] }]);
    const left = 'SELECT 1 FROM user_connection WHERE ? IN (partner_a_user_id, partner_b_user_id)';
    expect(await bench.users.source.query(left, [ann.id])).toEqual([]);
    expect(await bench.users.source.query('SELECT 1 FROM user_unregistered')).toEqual([]);
  });

  it('is cleared away once, and the owners are told again, when the record comes again', async () => {
    const [ann, bob] = [await bench.person(), await bench.person()];
    await bench.befriend(ann, bob);
    await bench.befriend(bob, await bench.person());
    await bench.ask(ann, { type: 'CREATE_REQUEST', title: 'room', participantUsernames: [bob.name] });
    await unregister(ann);
    const told = bench.relayed.at(-1);
    await bench.unregistration.run({ kind: 'USER_UNREGISTERED', userId: ann.id, username: ann.name });
    expect(bench.relayed.at(-1)).toEqual(told);
    expect([await bench.contactCount(bob), await bench.headCounts(bob)]).toEqual([1, [1]]);
  });

  it('can do nothing any more', async () => {
    const [ann, bob] = [await bench.person(), await bench.person()];
    await bench.befriend(ann, bob);
    await bench.ask(bob, { type: 'CREATE_REQUEST', title: 'room', participantUsernames: [ann.name] });
    await bench.removeAccount(ann);
    for (const frame of [
      { type: 'INVITE_REQUEST', userInviteCode: bob.code },
      { type: 'DISCONNECT_REQUEST', username: bob.name },
      { type: 'CREATE_REQUEST', title: 'late', participantUsernames: [bob.name] },
    ] as const) {
      const asked = frame.type === 'CREATE_REQUEST' ? { ...frame, participantUsernames: [bob.name] } : frame;
      expect(await bench.ask(ann, asked)).toMatchObject({ type: 'ERROR', messageType: frame.type });
    }
    expect(await bench.contactCount(bob)).toBe(1);
  });
});
