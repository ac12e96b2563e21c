import { LIMITS, seq } from '@parley/protocol';
import { command, type Owner, RelayBench, type Room, viewerLeft, write } from './relay-bench.js';

let bench: RelayBench;
let owner: Owner;
beforeAll(async () => {
  bench = await RelayBench.open();
  owner = await bench.owner();
});
afterAll(() => bench.close());

const oneTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

/** A room with messages from its first member; the second one looks at it. */
async function roomWith(messages: number) {
  const room = await bench.room();
  const [ann, bob] = room.members;
  if (ann === undefined || bob === undefined) throw new Error('nobody');
  await owner.handle(...oneTo(messages).map((n) => write(ann, room.id, n)));
  return { room, ann, bob };
}

async function fetched(room: Room, start: number, end: number): Promise<number[] | undefined> {
  const [reader] = room.members;
  if (reader === undefined) throw new Error('nobody');
  const range = { startMessageSeqId: seq(start), endMessageSeqId: seq(end) };
  const told = await owner.handle(command(reader, { type: 'FETCH_MESSAGES_REQUEST', channelId: room.id, ...range }));
  const [frame] = told.answers;
  return frame?.type === 'FETCH_MESSAGES_RESPONSE' ? frame.messages.map((m) => m.messageSeqId) : undefined;
}

describe('a replica', () => {
  const reads = () => owner.historyReads();

  it('that lags is not believed', async () => {
    const { room } = await roomWith(9);
    await bench.replicate(room, 8);
    const { replica, source } = reads();
    expect(await fetched(room, 1, 100)).toEqual(oneTo(9));
    expect(await fetched(room, 9, 9)).toEqual([9]);
    expect(reads()).toEqual({ replica, source: source + 2 });
  });

  it('that has what is asked for answers', async () => {
    const { room } = await roomWith(9);
    await bench.replicate(room, 8);
    const { replica, source } = reads();
    expect(await fetched(room, 3, 8)).toEqual([3, 4, 5, 6, 7, 8]);
    await bench.replicate(room, 9);
    expect(await fetched(room, 1, 100)).toEqual(oneTo(9));
    expect(reads()).toEqual({ replica: replica + 2, source });
  });

  it('is not asked for what cannot be there', async () => {
    const { room } = await roomWith(3);
    const before = reads();
    expect(await fetched(room, 3, 2)).toEqual([]);
    expect(await fetched(room, 4, 100)).toEqual([]);
    expect(reads()).toEqual(before);
  });
});

describe('a page', () => {
  it('holds the newest messages of a range that is too long', async () => {
    const { room } = await roomWith(150);
    expect(await fetched(room, 1, 150)).toEqual(oneTo(150).slice(-LIMITS.fetchMessages));
    expect(await fetched(room, 1, 120)).toEqual(oneTo(120).slice(-LIMITS.fetchMessages));
  });

  it('of a replay begins after what is known and says where the channel ends', async () => {
    const { room } = await roomWith(150);
    const pages: { sequences: number[]; last: number }[] = [];
    for (let after = 20; after < 150;) {
      const told = await owner.handle({ kind: 'REPLAY', channelId: room.id, server: 'c9', after: seq(after) });
      const [entry] = told.entries;
      if (entry?.kind !== 'REPLAYED') throw new Error('no replay');
      pages.push({ sequences: entry.messages.map((m) => m.messageSeqId), last: entry.last });
      after = entry.messages.at(-1)?.messageSeqId ?? Infinity;
      expect(told.records[0]?.topic).toBe('connection-notification-c9');
    }
    expect(pages).toEqual([
      { sequences: oneTo(120).slice(20), last: 150 },
      { sequences: oneTo(150).slice(120), last: 150 },
    ]);
  });

  it('of a channel that is not there is not sent', async () => {
    const { room } = await roomWith(0);
    await bench.users.source.query('DELETE FROM channel WHERE channel_id = ?', [room.id]);
    const successor = await bench.owner();
    expect(
      (await successor.handle({ kind: 'REPLAY', channelId: room.id, server: 'c9', after: seq(0) })).records,
    ).toEqual([]);
  });
});

describe('a viewer who leaves', () => {
  it('is pushed what others wrote and nobody can have seen, however much that is', async () => {
    const { room, ann, bob } = await roomWith(2);
    await owner.enter(bob, room.id);
    await owner.handle(write(bob, room.id, 1), ...oneTo(150).map((n) => write(ann, room.id, 100 + n)));
    const told = await owner.handle(viewerLeft(bob, room.id, 2));
    expect(told.pushed).toEqual(oneTo(150).map((n) => [n + 3, [bob]]));
    expect((await owner.handle(write(ann, room.id, 999))).pushed).toEqual([[154, [bob]]]);
  });

  it('has read nothing by writing on a device that does not show the channel', async () => {
    const { room, ann, bob } = await roomWith(0);
    await owner.enter(bob, room.id);
    await owner.handle(write(ann, room.id, 1), { ...write(bob, room.id, 1), blind: true });
    expect((await owner.handle(viewerLeft(bob, room.id, 0))).pushed).toEqual([[1, [bob]]]);
  });

  it('by the word of another message service looks on, as long as the server is heard here', async () => {
    const { room, bob } = await roomWith(3);
    await owner.enter(bob, room.id);
    const presumed = { ...viewerLeft(bob, room.id, 1), presumed: true as const };
    expect((await owner.handle(presumed)).pushes).toEqual([]);
    owner.presence.leave(room.id, presumed.connection, performance.now());
    expect((await owner.handle(presumed)).pushed).toEqual([2, 3].map((n) => [n, [bob]]));
  });

  it('and has seen everything is pushed nothing', async () => {
    const { room, bob } = await roomWith(3);
    await owner.enter(bob, room.id);
    expect((await owner.handle(viewerLeft(bob, room.id, 3))).records).toEqual([]);
  });

  it('but looks on from elsewhere, or has quit, is pushed nothing', async () => {
    const { room, ann, bob } = await roomWith(3);
    owner.presence.enter(
      room.id,
      seq(0),
      { userId: bob, server: 'c2', connection: 'elsewhere', request: 'r1' },
      Date.now(),
    );
    expect((await owner.handle(viewerLeft(bob, room.id, 1))).records).toEqual([]);
    const quit = command(ann, { type: 'QUIT_REQUEST', channelId: room.id });
    expect((await owner.handle(quit, viewerLeft(ann, room.id, 1))).pushes).toEqual([]);
  });
});
