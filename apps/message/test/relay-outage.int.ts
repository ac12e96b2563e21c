import { seq } from '@parley/protocol';
import { eventually } from '@parley/testing';
import { command, type Owner, RelayBench, viewerLeft, write } from './relay-bench.js';

let bench: RelayBench;
let owner: Owner;
beforeAll(async () => {
  bench = await RelayBench.open();
});
beforeEach(async () => {
  owner = await bench.owner();
});
afterEach(() => {
  bench.userDatabase.mend();
  bench.firstShard.mend();
});
afterAll(() => bench.close());

const FAILED = 'Write message failed.';
/** Answers of different shards come in any order: numbers first. */
const byText = (one: unknown, other: unknown): number => String(one).localeCompare(String(other));

async function room(shard: number) {
  const { id, members } = await bench.room(shard);
  const [ann, bob] = members;
  if (ann === undefined || bob === undefined) throw new Error('nobody');
  await owner.handle(write(ann, id, 1));
  return { room: { id, shard, members }, id, ann, bob };
}

const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1_000;
};

describe('while a shard is away', () => {
  it('its writes fail within seconds, and those of the other shard in the same batch are stored', async () => {
    const [one, two] = [await room(1), await room(2)];
    bench.firstShard.cut();
    const writes = [write(one.ann, one.id, 2), write(two.ann, two.id, 2)];
    const took = await seconds(async () => {
      expect((await owner.handle(...writes)).acks.toSorted(byText)).toEqual([2, FAILED]);
    });
    expect(took).toBeLessThan(5);
    // Whoever comes next is not kept waiting as long.
    expect(await seconds(() => owner.handle(write(one.ann, one.id, 3)))).toBeLessThan(1);
    bench.firstShard.mend();
    expect((await owner.handle(...writes)).acks).toEqual([2, 2]);
    expect((await bench.stored(one.room)).map((row) => row.seq)).toEqual([1, 2]);
  }, 15_000);

  it('in silence, its writes fail within seconds, and nobody else waits for it any longer', async () => {
    const [one, two] = [await room(1), await room(2)];
    bench.firstShard.silence();
    const both = (n: number) => owner.handle(write(one.ann, one.id, n), write(two.ann, two.id, n));
    const first = await seconds(async () => expect((await both(2)).acks.toSorted(byText)).toEqual([2, FAILED]));
    expect(first).toBeLessThan(5);
    const next = await seconds(async () => {
      for (const n of [3, 4, 5]) expect((await both(n)).acks.toSorted(byText)).toEqual([n, FAILED]);
    });
    expect(next).toBeLessThan(1);
    bench.firstShard.mend();
    await eventually(async () => expect((await both(2)).acks).toEqual([2, 2]));
  }, 30_000);

  it('but for questions, its writes fail and nobody else waits for it any longer', async () => {
    const [one, two] = [await room(1), await room(2)];
    bench.firstShard.withhold('INSERT INTO message', 'REPLACE INTO write_probe');
    const both = (n: number) => owner.handle(write(one.ann, one.id, n), write(two.ann, two.id, n));
    expect((await both(2)).acks.toSorted(byText)).toEqual([2, FAILED]);
    const next = await seconds(async () => {
      for (const n of [3, 4, 5]) expect((await both(n)).acks.toSorted(byText)).toEqual([n, FAILED]);
    });
    expect(next).toBeLessThan(1);
    bench.firstShard.mend();
    await eventually(async () => expect((await both(6)).acks.toSorted(byText)).toEqual([2, 6]));
  }, 30_000);

  it('answers for the other shard do not wait for it', async () => {
    const [one, two] = [await room(1), await room(2)];
    bench.firstShard.withhold('INSERT INTO message', 'REPLACE INTO write_probe');
    const handled = owner.handle(write(one.ann, one.id, 2), write(two.ann, two.id, 2));
    await eventually(() => expect(owner.told().acks).toEqual([2]));
    expect((await handled).acks.toSorted(byText)).toEqual([2, FAILED]);
  }, 30_000);

  it('every record of its channels is told the truth, whatever came before it in the batch', async () => {
    const { id, ann, bob } = await room(1);
    bench.firstShard.cut();
    const told = await owner.handle(
      write(ann, id, 2),
      command(bob, { type: 'ENTER_REQUEST', channelId: id }),
      write(bob, id, 2),
      command(bob, {
        type: 'FETCH_MESSAGES_REQUEST',
        channelId: id,
        startMessageSeqId: seq(1),
        endMessageSeqId: seq(9),
      }),
    );
    // Where the channel ends is known, so it can be entered; what is in it cannot be told, as the replica has nothing.
    expect(told.acks).toEqual([FAILED, FAILED, 'Fetch messages failed.']);
  }, 15_000);

  it('a short absence is waited out', async () => {
    const { id, ann } = await room(1);
    bench.firstShard.cut();
    const handled = owner.handle(write(ann, id, 2));
    await bench.firstShard.refusal();
    bench.firstShard.mend();
    expect((await handled).acks).toEqual([2]);
  });

  it('a former member is neither acknowledged nor refused', async () => {
    const { id, ann } = await room(1);
    const other = await room(2);
    await owner.handle(command(ann, { type: 'QUIT_REQUEST', channelId: id }));
    bench.firstShard.cut();
    expect((await owner.handle(write(ann, id, 1), write(other.ann, other.id, 2))).acks.toSorted(byText)).toEqual([
      2,
      FAILED,
    ]);
    bench.firstShard.mend();
    expect((await owner.handle(write(ann, id, 1), write(ann, id, 2))).acks).toEqual([1, 'Not joined.']);
  });

  it('a replay is left to be asked for again, and other channels go on', async () => {
    const [one, two] = [await room(1), await room(2)];
    bench.firstShard.cut();
    const replay = { kind: 'REPLAY' as const, channelId: one.id, server: 'c1', after: seq(0) };
    expect((await owner.handle(replay, write(two.ann, two.id, 2))).acks).toEqual([2]);
    bench.firstShard.mend();
    expect((await owner.handle(replay)).entries).toMatchObject([{ kind: 'REPLAYED', last: 1 }]);
  });

  it('the pushes of those who left are owed', async () => {
    const [one, two] = [await room(1), await room(2)];
    await owner.enter(one.bob, one.id);
    await owner.handle(write(one.ann, one.id, 2));
    bench.firstShard.cut();
    const told = await owner.handle(viewerLeft(one.bob, one.id, 1), write(two.ann, two.id, 2));
    expect([told.acks, told.pushed]).toEqual([[2], [[2, [two.bob]]]]);
    bench.firstShard.mend();
    const out = owner.deliveries.batch();
    for (const viewer of owner.unseen.takeOwed()) await owner.unseen.pushOwed(viewer, out);
    await owner.deliveries.send(out);
    expect(owner.taken().pushed).toEqual([[2, [one.bob]]]);
  });
});

describe('while the user database is away', () => {
  it('nobody is told not to be a member who may be one', async () => {
    const { id, ann } = await room(2);
    const successor = await bench.owner();
    bench.userDatabase.cut();
    const told = await successor.handle(
      write(ann, id, 2),
      command(ann, { type: 'ENTER_REQUEST', channelId: id }),
      command(ann, { type: 'QUIT_REQUEST', channelId: id }),
      command(ann, { type: 'FETCH_CHANNEL_INVITECODE_REQUEST', channelId: id }),
    );
    expect(told.acks).toEqual([FAILED, 'Enter failed.', 'Quit failed.', 'Fetch channel invitecode failed.']);
    bench.userDatabase.mend();
    expect((await successor.handle(write(ann, id, 2))).acks).toEqual([2]);
  });

  it('who may have quit is a member no longer than until that can be known', async () => {
    const { id, ann } = await room(2);
    bench.userDatabase.loseAnswerTo('COMMIT');
    const quit = command(ann, { type: 'QUIT_REQUEST', channelId: id });
    expect((await owner.handle(quit)).acks).toEqual(['Quit failed.']);
    bench.userDatabase.mend();
    expect((await owner.handle(write(ann, id, 2))).acks).toEqual(['Not joined.']);
  });

  it('channels that are known go on', async () => {
    const { id, ann } = await room(2);
    bench.userDatabase.cut();
    expect((await owner.handle(write(ann, id, 2))).acks).toEqual([2]);
  });

  it('a change of members is passed on, and the channel judged anew afterwards', async () => {
    const { id, ann, bob } = await room(2);
    bench.userDatabase.cut();
    await owner.enter(bob, id);
    const told = await owner.handle(
      {
        kind: 'MEMBERS_CHANGED',
        channelId: id,
        request: 'r',
        joined: [],
        gone: [bob],
        deliveries: [{ userId: bob, only: { server: 'c1', connection: 'c' }, frame: { type: 'LEAVE_RESPONSE' } }],
      },
      write(ann, id, 2),
    );
    expect(told.answers).toEqual([
      { type: 'LEAVE_RESPONSE' },
      { type: 'ERROR', messageType: 'WRITE_MESSAGE', message: FAILED },
    ]);
    bench.userDatabase.mend();
    expect((await owner.handle(write(ann, id, 2))).acks).toEqual([2]);
  });

  it('positions that cannot be stored stay, and hold back the offsets', async () => {
    const { id, ann } = await room(2);
    bench.userDatabase.cut();
    await owner.handle(write(ann, id, 2));
    await expect(owner.hooks.beforeCommit()).rejects.toThrow();
    bench.userDatabase.mend();
    await owner.hooks.beforeCommit();
    expect(await bench.readPosition(id, ann)).toBe(2);
  });
});
