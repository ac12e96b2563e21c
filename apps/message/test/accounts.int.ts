import { randomUUID } from 'node:crypto';
import { redisKeys, type UserCommandFrame } from '@parley/contracts';
import { createLogger, createRedis, loadConfig, redisEnv } from '@parley/platform';
import { eventually, TcpRelay } from '@parley/testing';
import { z } from 'zod';
import { FactCache } from '../src/user/fact-cache.js';
import { UserDirectory } from '../src/user/user-directory.js';
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

  it('are cached with an end', async () => {
    const ann = await bench.person();
    await bench.directory.names([ann.id]);
    expect(await bench.redis.get(redisKeys.usernameOf(ann.id))).toBe(ann.name);
    expect(await bench.redis.ttl(redisKeys.usernameOf(ann.id))).toBeGreaterThan(3_500);
  });
});

describe('invite codes', () => {
  it('come from the cache when they can, from the database when they must, and are cached with an end', async () => {
    const [ann, bob] = [await bench.person(), await bench.person()];
    const keys = [redisKeys.inviteCodeOf(ann.id), redisKeys.userOfInviteCode(ann.code)] as const;
    const asked = async () => [
      await bench.directory.inviteCodeOf(ann.id),
      await bench.directory.idByInviteCode(ann.code),
    ];
    expect(await asked()).toEqual([ann.code, ann.id]);
    for (const key of keys) expect(await bench.redis.ttl(key)).toBeGreaterThan(3_500);
    await bench.redis.mset(keys[0], bob.code, keys[1], bob.id);
    expect(await asked()).toEqual([bob.code, bob.id]);
  });

  it.each(['0'.repeat(32), 'f'.repeat(31), '*'])('that nobody has leave nothing there: %s', async (code) => {
    expect(await bench.directory.idByInviteCode(code)).toBeUndefined();
    expect(await bench.redis.exists(redisKeys.userOfInviteCode(code))).toBe(0);
  });
});

describe('ids by name', () => {
  it('come from the cache when they can, from the database when they must, and are cached with an end', async () => {
    const [ann, bob] = [await bench.person(), await bench.person()];
    const key = redisKeys.userOfName(ann.name);
    expect(await bench.directory.idByName(ann.name)).toBe(ann.id);
    expect(await bench.redis.ttl(key)).toBeGreaterThan(3_500);
    await bench.redis.set(key, bob.id);
    expect(await bench.directory.idByName(ann.name)).toBe(bob.id);
  });

  it('are found in any case, and kept only for the name as it was registered', async () => {
    const ann = await bench.person();
    const shouted = ann.name.toUpperCase();
    expect(await bench.directory.idByName(shouted)).toBe(ann.id);
    expect(await bench.redis.exists(redisKeys.userOfName(shouted))).toBe(0);
  });

  it('that nobody has leave nothing there', async () => {
    const name = `nobody${randomUUID().slice(0, 8)}`;
    expect(await bench.directory.idByName(name)).toBeUndefined();
    expect(await bench.redis.exists(redisKeys.userOfName(name))).toBe(0);
  });
});

describe('a cached id of a name', () => {
  it('that is of somebody else is not acted upon', async () => {
    const [ann, bob, cat] = [await bench.person(), await bench.person(), await bench.person()];
    for (const asker of [ann, cat]) await bench.ask(asker, { type: 'INVITE_REQUEST', userInviteCode: bob.code });
    await bench.redis.set(redisKeys.userOfName(ann.name), cat.id);
    expect(await bench.ask(bob, { type: 'ACCEPT_REQUEST', username: ann.name })).toMatchObject({
      type: 'ACCEPT_RESPONSE',
      username: ann.name,
    });
    expect(await bench.listed(bob, 'ACCEPTED')).toEqual([ann.name]);
    expect(await bench.listed(bob, 'PENDING')).toEqual([cat.name]);
  });
});

describe('a name that was given up and registered by somebody else', () => {
  it('means the new one at once, although the cache still has the old one', async () => {
    const [old, bob, cat] = [await bench.person(), await bench.person(), await bench.person()];
    await bench.befriend(old, bob);
    await unregister(old);
    expect(await bench.redis.get(redisKeys.userOfName(old.name))).toBe(String(old.id));
    expect(await bench.ask(bob, { type: 'DISCONNECT_REQUEST', username: old.name })).toMatchObject({ type: 'ERROR' });

    const heir = await bench.person(old.name);
    for (const asker of [bob, cat]) await bench.ask(heir, { type: 'INVITE_REQUEST', userInviteCode: asker.code });
    expect(await bench.ask(bob, { type: 'ACCEPT_REQUEST', username: old.name })).toMatchObject({
      type: 'ACCEPT_RESPONSE',
    });
    expect(await bench.ask(cat, { type: 'REJECT_REQUEST', username: old.name })).toMatchObject({
      type: 'REJECT_RESPONSE',
    });
    expect(await bench.listed(heir, 'ACCEPTED')).toEqual([bob.name]);
    expect(await bench.ask(bob, { type: 'DISCONNECT_REQUEST', username: old.name })).toMatchObject({
      type: 'DISCONNECT_RESPONSE',
    });
  });
});

describe('a Redis that does not answer', () => {
  it('is a miss, soon: names and codes come from the database', async () => {
    const config = loadConfig(z.object(redisEnv));
    const [node] = config.REDIS_NODES;
    await using relay = await TcpRelay.to(`http://${node?.host}:${node?.port}`);
    const through = { ...config, REDIS_NODES: [{ host: '127.0.0.1', port: relay.port }] };
    const redis = createRedis(through, createLogger({ service: 'message', instance: 'test', level: 'silent' }));
    await eventually(() => redis.ping());
    const directory = new UserDirectory(bench.users, new FactCache(redis));
    const ann = await bench.person();
    relay.hold();
    const asked = performance.now();
    expect(await directory.names([ann.id])).toEqual(new Map([[ann.id, ann.name]]));
    expect(await directory.inviteCodeOf(ann.id)).toBe(ann.code);
    expect(await directory.idByInviteCode(ann.code)).toBe(ann.id);
    expect(await directory.idByName(ann.name)).toBe(ann.id);
    // Redis itself would have been given a second for each question.
    expect(performance.now() - asked).toBeLessThan(1_000);
    expect(await directory.forget(ann.id)).toBe(false);
    redis.disconnect();
  });
});

describe('an unregistered user', () => {
  it('is found neither by a code nor by an id that were cached before', async () => {
    const [ann, bob, cat] = [await bench.person(), await bench.person(), await bench.person()];
    const invite = (asker: Person) => bench.ask(asker, { type: 'INVITE_REQUEST', userInviteCode: ann.code });
    expect(await bench.ask(ann, { type: 'FETCH_USER_INVITECODE_REQUEST' })).toMatchObject({ inviteCode: ann.code });
    expect(await invite(bob)).toMatchObject({ type: 'INVITE_RESPONSE' });
    await unregister(ann);
    expect(await bench.redis.exists(redisKeys.userOfInviteCode(ann.code))).toBe(1);
    expect(await invite(cat)).toMatchObject({ message: 'Invalid invite code.' });
    expect(await bench.ask(ann, { type: 'FETCH_USER_INVITECODE_REQUEST' })).toMatchObject({
      message: 'Fetch user invite code failed.',
    });
  });

  it('is not brought back into the cache by whoever has read the database before', async () => {
    const ann = await bench.person();
    const facts = new FactCache(bench.redis);
    await unregister(ann);
    await facts.remember([
      [redisKeys.usernameOf(ann.id), ann.name],
      [redisKeys.inviteCodeOf(ann.id), ann.code],
    ]);
    expect(await bench.directory.names([ann.id])).toEqual(new Map());
    expect(await bench.directory.inviteCodeOf(ann.id)).toBeUndefined();
  });

  it('leaves no contact, membership, count or name behind, and the owners of channels are told', async () => {
    const [ann, bob, cat] = [await bench.person(), await bench.person(), await bench.person()];
    await bench.befriend(ann, bob);
    await bench.befriend(cat, ann);
    const [eve, fay] = [await bench.person(), await bench.person()];
    await bench.ask(ann, { type: 'INVITE_REQUEST', userInviteCode: eve.code });
    await bench.ask(fay, { type: 'INVITE_REQUEST', userInviteCode: ann.code });
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
    const channelId = membersChanged?.channelId;
    const notice = { frame: { type: 'NOTIFY_MEMBER_QUIT', channelId, username: ann.name } };
    expect(bench.relayed).toMatchObject([{ channelId, joined: [], gone: [ann.id], notice }]);
    expect(bench.noticed.slice(-2)).toEqual([
      { userIds: [bob.id, cat.id], frame: { type: 'NOTIFY_DISCONNECT', username: ann.name } },
      { userIds: [eve.id, fay.id], frame: { type: 'NOTIFY_REJECT', username: ann.name } },
    ]);
    const left = 'SELECT 1 FROM user_connection WHERE ? IN (partner_a_user_id, partner_b_user_id)';
    expect(await bench.users.source.query(left, [ann.id])).toEqual([]);
    expect(await bench.users.source.query('SELECT 1 FROM user_unregistered')).toEqual([]);
  });

  it('is cleared away once, and the owners are told again until all is done, when the record comes again', async () => {
    const [ann, bob] = [await bench.person(), await bench.person()];
    await bench.befriend(ann, bob);
    await bench.befriend(bob, await bench.person());
    await bench.ask(ann, { type: 'CREATE_REQUEST', title: 'room', participantUsernames: [bob.name] });
    await unregister(ann);
    const [told, before] = [bench.relayed.at(-1), bench.relayed.length];
    // As if the first run had stopped before its last step.
    await bench.users.source.query('INSERT INTO user_unregistered (user_id, username) VALUES (?, ?)', [
      ann.id,
      ann.name,
    ]);
    for (const _ of ['once more', 'for nothing']) {
      await bench.unregistration.run({ kind: 'USER_UNREGISTERED', userId: ann.id, username: ann.name });
      expect(bench.relayed.slice(before)).toEqual([told]);
    }
    expect([await bench.contactCount(bob), await bench.headCounts(bob)]).toEqual([1, [1]]);
  });

  it('is cleared away from more channels than one transaction takes', async () => {
    const ann = await bench.person();
    const ids = Array.from({ length: 1_100 }, (_, index) => 1_000_000 + index);
    const channels = ids.map((id) => `(${id}, 'room', REPLACE(UUID(), '-', ''), 1, 1)`);
    await bench.users.source.query(
      `INSERT INTO channel (channel_id, title, invite_code, shard_id, head_count) VALUES ${channels.join()}`,
    );
    const memberships = ids.map((id) => `(${ann.id}, ${id})`);
    await bench.users.source.query(`INSERT INTO user_channel (user_id, channel_id) VALUES ${memberships.join()}`);
    const before = bench.relayed.length;
    await unregister(ann);
    const left = await bench.users.source.query('SELECT 1 FROM user_channel WHERE user_id = ?', [ann.id]);
    expect([left, bench.relayed.length - before]).toEqual([[], ids.length]);
    expect(await bench.users.source.query('SELECT 1 FROM user_unregistered')).toEqual([]);
  });

  it('can do nothing any more', async () => {
    const [ann, bob] = [await bench.person(), await bench.person()];
    await bench.befriend(ann, bob);
    await bench.ask(bob, { type: 'CREATE_REQUEST', title: 'room', participantUsernames: [ann.name] });
    await bench.removeAccount(ann);
    const refusals: readonly [UserCommandFrame, string][] = [
      [{ type: 'INVITE_REQUEST', userInviteCode: bob.code }, 'InviteRequest failed.'],
      [{ type: 'ACCEPT_REQUEST', username: bob.name }, 'Accept failed.'],
      [{ type: 'REJECT_REQUEST', username: bob.name }, 'Reject failed.'],
      [{ type: 'DISCONNECT_REQUEST', username: bob.name }, 'Disconnect failed.'],
      [{ type: 'CREATE_REQUEST', title: 'late', participantUsernames: [bob.name] }, 'failed.'],
      [{ type: 'JOIN_REQUEST', inviteCode: bob.code }, 'failed.'],
    ];
    for (const [frame, message] of refusals) {
      expect(await bench.ask(ann, frame)).toEqual({ type: 'ERROR', messageType: frame.type, message });
    }
    expect(await bench.contactCount(bob)).toBe(1);
  });
});
