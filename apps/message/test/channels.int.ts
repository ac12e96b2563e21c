import { randomUUID } from 'node:crypto';
import { type ChannelId, seq } from '@parley/protocol';
import { Limits } from '../src/user/limits.js';
import { originOf, type Person, Workbench } from './workbench.js';

const LIMIT = 4;
let bench: Workbench;
beforeAll(async () => {
  bench = await Workbench.open(new Limits(1_000, LIMIT));
});
afterAll(() => bench.close());

/** Ann's channel with Bob. */
async function room(): Promise<{ ann: Person; bob: Person; id: ChannelId; code: string }> {
  const [ann, bob] = [await bench.person(), await bench.person()];
  await bench.befriend(ann, bob);
  const frame = await create(ann, [bob]);
  if (frame?.type !== 'CREATE_RESPONSE') throw new Error(`no channel but ${JSON.stringify(frame)}`);
  const row = (await bench.channels.load([frame.channelId])).get(frame.channelId);
  return { ann, bob, id: frame.channelId, code: row?.inviteCode ?? '' };
}

const create = (asker: Person, participants: readonly { name: string }[], title = 'room') =>
  bench.ask(asker, { type: 'CREATE_REQUEST', title, participantUsernames: participants.map(({ name }) => name) });

const join = (asker: Person, inviteCode: string) => bench.ask(asker, { type: 'JOIN_REQUEST', inviteCode });

const error = (messageType: string, message: string) => ({ type: 'ERROR', messageType, message });

describe('creating a channel', () => {
  it('drops unknown names, tells its owner first, and tells all participants', async () => {
    const [ann, bob, cat] = [await bench.person(), await bench.person(), await bench.person()];
    await bench.befriend(ann, bob);
    await bench.befriend(cat, ann);
    const { deliveries, membersChanged } = await bench.run(ann, {
      type: 'CREATE_REQUEST',
      title: 'räum 👋',
      participantUsernames: [bob.name, 'ghost', cat.name, bob.name.toUpperCase()],
    });
    const channelId = membersChanged?.channelId;
    expect(membersChanged).toEqual({ channelId, joined: [ann.id, bob.id, cat.id], gone: [] });
    expect(deliveries.map(({ userId, only, frame }) => [userId, only?.server, frame])).toEqual([
      [ann.id, 'c1', { type: 'CREATE_RESPONSE', channelId, title: 'räum 👋' }],
      [bob.id, undefined, { type: 'NOTIFY_JOIN', channelId, title: 'räum 👋' }],
      [cat.id, undefined, { type: 'NOTIFY_JOIN', channelId, title: 'räum 👋' }],
    ]);
    expect([await bench.headCounts(ann), await bench.headCounts(cat)]).toEqual([[3], [3]]);
  });

  it('checks in the order of the protocol', async () => {
    const [ann, bob, ...strangers] = [await bench.person(), await bench.person(), ...(await bench.people(3))];
    await bench.befriend(ann, bob);
    const refused = (text: string) => error('CREATE_REQUEST', text);
    expect(await create(ann, [], '')).toEqual(refused('Not found.'));
    expect(await create(ann, [{ name: 'ghost' }], '')).toEqual(refused('Not found.'));
    expect(await create(ann, [bob, ...strangers], '')).toEqual(refused('Invalid arguments.'));
    expect(await create(ann, [bob, ...strangers], 'x'.repeat(31))).toEqual(refused('Invalid arguments.'));
    expect(await create(ann, [bob, ...strangers])).toEqual(refused('Over limit.'));
    expect(await create(ann, [bob, ...strangers.slice(1)])).toEqual(refused('Unconnected users included.'));
    expect(await create(ann, [bob, ann])).toEqual(refused('Unconnected users included.'));
    expect(await create(ann, [bob], '👋'.repeat(30))).toMatchObject({ type: 'CREATE_RESPONSE' });
  });

  it('takes 99 others unless set otherwise, not 100, and then nobody can join', async () => {
    const usual = await Workbench.open();
    try {
      const [ann, joiner, ...others] = [await usual.person(), await usual.person(), ...(await usual.people(100))];
      const named = (count: number) => ({
        type: 'CREATE_REQUEST' as const,
        title: 'room',
        participantUsernames: others.slice(0, count).map(({ name }) => name),
      });
      for (const other of others.slice(1)) await usual.befriend(other, ann);
      expect(await usual.ask(ann, named(100))).toEqual(error('CREATE_REQUEST', 'Over limit.'));
      expect(await usual.ask(ann, named(99))).toEqual(error('CREATE_REQUEST', 'Unconnected users included.'));
      await usual.befriend(others[0] ?? ann, ann);
      const { membersChanged } = await usual.run(ann, named(99));
      const channelId = membersChanged?.channelId;
      if (channelId === undefined) throw new Error('no channel');
      const row = (await usual.channels.load([channelId])).get(channelId);
      expect([row?.headCount, row?.members.size]).toEqual([100, 100]);
      expect(await usual.ask(joiner, { type: 'JOIN_REQUEST', inviteCode: row?.inviteCode ?? '' })).toEqual(
        error('JOIN_REQUEST', 'Over limit.'),
      );
    } finally {
      await usual.close();
    }
  }, 60_000);

  it('spreads channels over the shards by id and stores where each of them is', async () => {
    const shards = [(await room()).id, (await room()).id].map(async (id) => {
      const shardId = (await bench.channels.load([id])).get(id)?.shardId;
      return [id, shardId];
    });
    for (const [id, shardId] of await Promise.all(shards)) expect(shardId).toBe(((Number(id) - 1) % 2) + 1);
  });
});

describe('joining a channel', () => {
  it('needs only its code, is answered to the joiner alone, and the members get a notice', async () => {
    const { id, code } = await room();
    const cat = await bench.person();
    const outcome = await bench.run(cat, { type: 'JOIN_REQUEST', inviteCode: code });
    const frame = { type: 'NOTIFY_MEMBER_JOIN', channelId: id, username: cat.name };
    const notice = { frame, except: originOf(cat, '').connection };
    expect(outcome.membersChanged).toEqual({ channelId: id, joined: [cat.id], gone: [], notice });
    expect(outcome.deliveries).toMatchObject([
      { userId: cat.id, only: { server: 'c1' }, frame: { type: 'NOTIFY_JOIN', channelId: id, title: 'room' } },
    ]);
    expect(await bench.channels.lastRead(cat.id, id)).toBe(0);
    const again = await bench.run(cat, { type: 'JOIN_REQUEST', inviteCode: code });
    expect(again.deliveries).toMatchObject([{ frame: error('JOIN_REQUEST', 'Already joined.') }]);
    expect(again.membersChanged?.notice).toBeUndefined();
    expect(await join(cat, 'f'.repeat(32))).toEqual(error('JOIN_REQUEST', 'Not found.'));
  });

  it('shows in the head counts of everyone at once', async () => {
    const { ann, code } = await room();
    expect(await bench.headCounts(ann)).toEqual([2]);
    await join(await bench.person(), code);
    expect(await bench.headCounts(ann)).toEqual([3]);
  });

  it('never exceeds the limit: of ten at once, as many get in as there are places', async () => {
    const { ann, id, code } = await room();
    const frames = await Promise.all((await bench.people(10)).map((person) => join(person, code)));
    expect(frames.filter((frame) => frame?.type === 'NOTIFY_JOIN')).toHaveLength(LIMIT - 2);
    expect(frames.filter((frame) => frame?.type === 'ERROR' && frame.message === 'Over limit.')).toHaveLength(8);
    expect([await bench.headCounts(ann), (await bench.channels.load([id])).get(id)?.members.size]).toEqual([
      [LIMIT],
      LIMIT,
    ]);
  });

  it('is done once however often the request comes', async () => {
    const { ann, code } = await room();
    const cat = await bench.person();
    const request = randomUUID();
    const runs = await Promise.all(
      [1, 2, 3].map(() => bench.run(cat, { type: 'JOIN_REQUEST', inviteCode: code }, request)),
    );
    expect(runs).toEqual([runs[0], runs[0], runs[0]]);
    expect(runs[0]?.membersChanged?.joined).toEqual([cat.id]);
    expect(await bench.headCounts(ann)).toEqual([3]);
  });
});

describe('quitting a channel', () => {
  it('takes effect at once, once, and one may join again at once', async () => {
    const { ann, bob, id, code } = await room();
    const request = randomUUID();
    const quits = await Promise.all([1, 2].map(() => bench.channels.quit(request, bob.id, id)));
    expect(quits).toEqual(['quit', 'quit']);
    expect(await bench.channels.quit(randomUUID(), bob.id, id)).toBe('not-joined');
    expect([await bench.headCounts(ann), await bench.headCounts(bob)]).toEqual([[1], []]);
    expect(await bench.channels.membersAmong(id, [ann.id, bob.id])).toEqual(new Set([ann.id]));
    expect(await join(bob, code)).toMatchObject({ type: 'NOTIFY_JOIN' });
    expect(await bench.headCounts(ann)).toEqual([2]);
  });

  it('leaves a channel without members as it is, open to whoever has its code', async () => {
    const { ann, bob, id, code } = await room();
    for (const { id: userId } of [ann, bob]) await bench.channels.quit(randomUUID(), userId, id);
    expect((await bench.channels.load([id])).get(id)).toMatchObject({ headCount: 0, members: new Set() });
    expect(await join(ann, code)).toMatchObject({ type: 'NOTIFY_JOIN' });
  });
});

describe('read positions', () => {
  it('move forward only, many at a time, and never bring back who has quit', async () => {
    const { ann, bob, id } = await room();
    const other = await room();
    await bench.channels.quit(randomUUID(), bob.id, id);
    await bench.channels.advanceReads([
      { userId: ann.id, channelId: id, seq: seq(7) },
      { userId: ann.id, channelId: id, seq: seq(5) },
      { userId: bob.id, channelId: id, seq: seq(9) },
      { userId: other.bob.id, channelId: other.id, seq: seq(3) },
    ]);
    await bench.channels.advanceReads([{ userId: ann.id, channelId: id, seq: seq(6) }]);
    expect(await bench.channels.lastRead(ann.id, id)).toBe(7);
    expect(await bench.channels.lastRead(other.bob.id, other.id)).toBe(3);
    expect(await bench.channels.membersAmong(id, [bob.id])).toEqual(new Set());
  });

  it('are written for more members than one statement holds', async () => {
    const { ann, id } = await room();
    const nobodies = Array.from({ length: 1_200 }, (_, i) => ({ userId: ann.id, channelId: id, seq: seq(i) }));
    await bench.channels.advanceReads(nobodies);
    await bench.channels.advanceReads([]);
    expect(await bench.channels.lastRead(ann.id, id)).toBe(1_199);
  });
});
