import { randomUUID } from 'node:crypto';
import type { UserCommandFrame } from '@parley/contracts';
import { LIMITS } from '@parley/protocol';
import { Limits } from '../src/user/limits.js';
import { originOf, type Person, Workbench } from './workbench.js';

const LIMIT = 10;
let bench: Workbench;
beforeAll(async () => {
  bench = await Workbench.open(new Limits(LIMIT));
});
afterAll(() => bench.close());

const count = <T>(items: readonly T[], which: (item: T) => boolean): number => items.filter(which).length;

describe('an invitation', () => {
  it('is answered to the asking socket and shown on all sockets of the invited', async () => {
    const [ann, bob] = [await bench.person(), await bench.person()];
    const outcome = await bench.run(ann, { type: 'INVITE_REQUEST', userInviteCode: bob.code.toUpperCase() });
    expect(outcome.deliveries).toEqual([
      {
        userId: ann.id,
        only: { server: 'c1', connection: `c1-boot-${ann.id}` },
        frame: { type: 'INVITE_RESPONSE', inviteCode: bob.code, status: 'PENDING' },
      },
      { userId: bob.id, frame: { type: 'ASK_INVITE', username: ann.name } },
    ]);
    expect([await bench.listed(bob, 'PENDING'), await bench.listed(ann, 'PENDING')]).toEqual([[ann.name], []]);
  });

  it.each(['nobody', '0'.repeat(32), "' OR 1=1", '👋'])('with the code %s is refused', async (userInviteCode) => {
    expect(await bench.ask(await bench.person(), { type: 'INVITE_REQUEST', userInviteCode })).toEqual({
      type: 'ERROR',
      messageType: 'INVITE_REQUEST',
      message: 'Invalid invite code.',
    });
  });

  it('in both directions at once is made once', async () => {
    const [ann, bob] = [await bench.person(), await bench.person()];
    const frames = await Promise.all([
      bench.ask(ann, { type: 'INVITE_REQUEST', userInviteCode: bob.code }),
      bench.ask(bob, { type: 'INVITE_REQUEST', userInviteCode: ann.code }),
    ]);
    expect(new Set(frames.map((frame) => frame?.type))).toEqual(new Set(['ERROR', 'INVITE_RESPONSE']));
  });
});

describe('names', () => {
  it('are found in any case and with any accents, and answered as they were registered', async () => {
    const [ann, bob] = [await bench.person('Zoë'), await bench.person()];
    await bench.ask(ann, { type: 'INVITE_REQUEST', userInviteCode: bob.code });
    expect(await bench.ask(bob, { type: 'ACCEPT_REQUEST', username: 'ZOE' })).toEqual({
      type: 'ACCEPT_RESPONSE',
      username: 'Zoë',
    });
  });
});

describe('accepted contacts', () => {
  it('are counted and listed on both sides; both are told', async () => {
    const [ann, bob] = [await bench.person(), await bench.person()];
    await bench.ask(ann, { type: 'INVITE_REQUEST', userInviteCode: bob.code });
    const { deliveries } = await bench.run(bob, { type: 'ACCEPT_REQUEST', username: ann.name });
    expect(deliveries.map(({ userId, frame }) => [userId, frame])).toEqual([
      [bob.id, { type: 'ACCEPT_RESPONSE', username: ann.name }],
      [ann.id, { type: 'NOTIFY_ACCEPT', username: bob.name }],
    ]);
    expect([await bench.contactCount(ann), await bench.contactCount(bob)]).toEqual([1, 1]);
    expect([await bench.listed(ann, 'ACCEPTED'), await bench.listed(bob, 'ACCEPTED')]).toEqual([
      [bob.name],
      [ann.name],
    ]);
  });

  it('never exceed the limit: with one place left, one of ten accepted at once gets it', async () => {
    const ann = await bench.person();
    for (const friend of await bench.people(LIMIT - 1)) await bench.befriend(friend, ann);
    const others = await bench.people(10);
    for (const other of others) await bench.ask(other, { type: 'INVITE_REQUEST', userInviteCode: ann.code });
    const frames = await Promise.all(
      others.map(({ name: username }) => bench.ask(ann, { type: 'ACCEPT_REQUEST', username })),
    );
    expect(count(frames, (frame) => frame?.type === 'ACCEPT_RESPONSE')).toBe(1);
    expect(count(frames, (frame) => frame?.type === 'ERROR' && frame.message === 'Connection limit reached.')).toBe(9);
    expect([await bench.contactCount(ann), (await bench.listed(ann, 'ACCEPTED')).length]).toEqual([LIMIT, LIMIT]);
  });

  it('never fall below none: of ten disconnections at once, two for each of five contacts, five succeed', async () => {
    const ann = await bench.person();
    const friends = await bench.people(5);
    for (const friend of friends) await bench.befriend(friend, ann);
    const frames = await Promise.all(
      [...friends, ...friends].map(({ name: username }) => bench.ask(ann, { type: 'DISCONNECT_REQUEST', username })),
    );
    expect(count(frames, (frame) => frame?.type === 'DISCONNECT_RESPONSE')).toBe(5);
    expect(await bench.contactCount(ann)).toBe(0);
  });
});

describe('more contacts than usual', () => {
  let roomy: Workbench;
  beforeAll(async () => {
    roomy = await Workbench.open(new Limits(LIMITS.contacts + 1));
  });
  afterAll(() => roomy.close());

  it('are all listed where they are allowed', async () => {
    const ann = await roomy.person();
    const others = await roomy.people(LIMITS.contacts + 1);
    await roomy.users.source.query(
      'INSERT INTO user_connection (partner_a_user_id, partner_b_user_id, status, inviter_user_id) VALUES ?',
      [others.map(({ id }) => [ann.id, id, 'ACCEPTED', id])],
    );
    expect(await roomy.listed(ann, 'ACCEPTED')).toEqual(others.map(({ name }) => name).toSorted());
  });
});

describe('what was true a moment ago', () => {
  it('an accepted invitation is not pending any more', async () => {
    const [ann, bob] = [await bench.person(), await bench.person()];
    await bench.ask(ann, { type: 'INVITE_REQUEST', userInviteCode: bob.code });
    expect(await bench.listed(bob, 'PENDING')).toEqual([ann.name]);
    await bench.ask(bob, { type: 'ACCEPT_REQUEST', username: ann.name });
    expect(await bench.listed(bob, 'PENDING')).toEqual([]);
  });

  it('after a disconnection the other side may invite and be accepted at once', async () => {
    const [ann, bob] = [await bench.person(), await bench.person()];
    await bench.befriend(ann, bob);
    await bench.ask(ann, { type: 'DISCONNECT_REQUEST', username: bob.name });
    await bench.befriend(bob, ann);
    expect([await bench.listed(ann, 'ACCEPTED'), await bench.contactCount(ann)]).toEqual([[bob.name], 1]);
  });

  it('a rejection is listed for the one who rejected, and ends when they lift it', async () => {
    const [ann, bob] = [await bench.person(), await bench.person()];
    await bench.ask(ann, { type: 'INVITE_REQUEST', userInviteCode: bob.code });
    const { deliveries } = await bench.run(bob, { type: 'REJECT_REQUEST', username: ann.name });
    expect(deliveries.map(({ frame }) => frame)).toEqual([
      { type: 'REJECT_RESPONSE', username: ann.name, status: 'REJECTED' },
    ]);
    expect([await bench.listed(bob, 'REJECTED'), await bench.listed(ann, 'REJECTED')]).toEqual([[ann.name], []]);
    await bench.ask(bob, { type: 'DISCONNECT_REQUEST', username: ann.name });
    expect(await bench.ask(ann, { type: 'INVITE_REQUEST', userInviteCode: bob.code })).toMatchObject({
      type: 'INVITE_RESPONSE',
    });
  });
});

describe('the other one', () => {
  const noticesOf = async (asker: Person, frame: UserCommandFrame, request?: string) =>
    (await bench.run(asker, frame, request)).notices;
  const both = (type: 'NOTIFY_REJECT' | 'NOTIFY_DISCONNECT', asker: Person, partner: Person) => [
    { userIds: [partner.id], frame: { type, username: asker.name } },
    { userIds: [asker.id], frame: { type, username: partner.name }, except: originOf(asker, '').connection },
  ];

  it('is told of a rejection and of its end, as are other devices', async () => {
    const [ann, bob] = [await bench.person(), await bench.person()];
    await bench.ask(ann, { type: 'INVITE_REQUEST', userInviteCode: bob.code });
    const reject = { type: 'REJECT_REQUEST', username: ann.name } as const;
    expect(await noticesOf(bob, reject)).toEqual(both('NOTIFY_REJECT', bob, ann));
    expect(await noticesOf(bob, { type: 'DISCONNECT_REQUEST', username: ann.name.toUpperCase() })).toEqual(
      both('NOTIFY_DISCONNECT', bob, ann),
    );
  });

  it('is told of the end of a contact, the same when the request comes again', async () => {
    const [ann, bob] = [await bench.person(), await bench.person()];
    await bench.befriend(ann, bob);
    const [disconnect, request] = [{ type: 'DISCONNECT_REQUEST', username: bob.name } as const, randomUUID()];
    const first = await noticesOf(ann, disconnect, request);
    expect(first).toEqual(both('NOTIFY_DISCONNECT', ann, bob));
    expect(await noticesOf(ann, disconnect, request)).toEqual(first);
  });

  it('hears nothing of what changes nothing', async () => {
    const [ann, bob] = [await bench.person(), await bench.person()];
    for (const type of ['DISCONNECT_REQUEST', 'REJECT_REQUEST'] as const) {
      expect(await noticesOf(ann, { type, username: bob.name })).toBeUndefined();
    }
    await bench.befriend(ann, bob);
    await bench.ask(ann, { type: 'DISCONNECT_REQUEST', username: bob.name });
    expect(await noticesOf(ann, { type: 'DISCONNECT_REQUEST', username: bob.name })).toBeUndefined();
  });
});

describe('a repeated request', () => {
  it.each(['one after the other', 'at once'])('has one effect and the same outcome, %s', async (how) => {
    const [ann, bob] = [await bench.person(), await bench.person()];
    const twice = async (run: () => Promise<unknown>): Promise<unknown[]> =>
      how === 'at once' ? Promise.all([run(), run()]) : [await run(), await run()];
    const ids = Array.from({ length: 4 }, () => randomUUID());
    const commands = [
      () => bench.run(ann, { type: 'INVITE_REQUEST', userInviteCode: bob.code }, ids[0]),
      () => bench.run(bob, { type: 'ACCEPT_REQUEST', username: ann.name }, ids[1]),
      () => bench.run(ann, { type: 'DISCONNECT_REQUEST', username: bob.name }, ids[2]),
    ];
    for (const command of commands) {
      const [first, second] = await twice(command);
      expect(second).toEqual(first);
      expect(first).not.toMatchObject({ deliveries: [{ frame: { type: 'ERROR' } }] });
    }
    expect([await bench.contactCount(ann), await bench.contactCount(bob)]).toEqual([0, 0]);
    await bench.ask(bob, { type: 'INVITE_REQUEST', userInviteCode: ann.code });
    const [first, second] = await twice(() => bench.run(ann, { type: 'REJECT_REQUEST', username: bob.name }, ids[3]));
    expect(second).toEqual(first);
  });

  it('is forgotten after a day', async () => {
    const ann = await bench.person();
    const request = randomUUID();
    await bench.ask(ann, { type: 'INVITE_REQUEST', userInviteCode: ann.code }, request);
    await bench.users.source.query(
      'UPDATE command_log SET created_at = created_at - INTERVAL 25 HOUR WHERE request = ?',
      [request],
    );
    await bench.commandLog.sweep();
    expect(await bench.users.source.query('SELECT 1 FROM command_log WHERE request = ?', [request])).toEqual([]);
  });
});
