import { ProduceTimeout } from '@parley/kafka';
import { seq } from '@parley/protocol';
import { command, nameOf, originOf, type Owner, RelayBench, type Room, type Told, write } from './relay-bench.js';

let bench: RelayBench;
let owner: Owner;
beforeAll(async () => {
  bench = await RelayBench.open();
  owner = await bench.owner();
});
afterAll(() => bench.close());

const FETCH = { startMessageSeqId: seq(1), endMessageSeqId: seq(100) };

async function withTwo(): Promise<{ room: Room; ann: Room['members'][number]; bob: Room['members'][number] }> {
  const room = await bench.room();
  const [ann, bob] = room.members;
  if (ann === undefined || bob === undefined) throw new Error('nobody');
  return { room, ann, bob };
}

const oneTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

describe('a batch that comes again', () => {
  it('leads to one row, one sequence and the same answers', async () => {
    const { room, ann, bob } = await withTwo();
    const batch = [write(ann, room.id, 1), write(bob, room.id, 1), write(ann, room.id, 2)];
    const first = await owner.handle(...batch);
    const again = await owner.handle(...batch);
    expect(first.acks).toEqual([1, 2, 3]);
    expect(again.records).toEqual(first.records);
    expect(await bench.stored(room)).toHaveLength(3);
  });

  it('finds what a crash between the commit and Kafka left behind', async () => {
    const { room, ann } = await withTwo();
    const batch = [write(ann, room.id, 1), write(ann, room.id, 2)];
    owner.failOnce(new ProduceTimeout(false));
    await expect(owner.handle(...batch)).rejects.toBeInstanceOf(ProduceTimeout);
    owner.taken();
    const successor = await bench.owner();
    expect((await successor.handle(...batch)).acks).toEqual([1, 2]);
    expect((await owner.handle(...batch)).acks).toEqual([1, 2]);
    expect(await bench.stored(room)).toHaveLength(2);
  });

  it('is told apart from a new message with the same words', async () => {
    const { room, ann } = await withTwo();
    const told = await owner.handle(write(ann, room.id, 1, 'hi'), write(ann, room.id, 2, 'hi'));
    expect(told.acks).toEqual([1, 2]);
  });
});

describe('two instances that both take themselves for the owner', () => {
  it('never leave a gap, never store twice, and give the same answers', async () => {
    const { room, ann, bob } = await withTwo();
    const zombie = await bench.owner();
    const owners = [owner, zombie];
    const batches = oneTo(12).map((round) => [
      ...oneTo(5).map((n) => write(ann, room.id, round * 100 + n)),
      ...oneTo(5).map((n) => write(bob, room.id, round * 100 + n)),
    ]);
    for (const batch of batches) {
      const [one, two] = await Promise.all(owners.map((each) => each.handle(...batch)));
      expect(new Set(one?.acks).size).toBe(10);
      expect(two?.acks).toEqual(one?.acks);
    }
    expect((await bench.stored(room)).map((row) => row.seq)).toEqual(oneTo(120));
  });

  it('number the messages that each has for itself without a gap', async () => {
    const { room, ann, bob } = await withTwo();
    const zombie = await bench.owner();
    const acks = await Promise.all(
      oneTo(20).map(async (n) => {
        const [mine, other] = n % 2 === 0 ? [owner, zombie] : [zombie, owner];
        const told = await Promise.all([
          mine.handle(write(ann, room.id, n), write(ann, room.id, 1_000 + n)),
          other.handle(write(bob, room.id, n)),
        ]);
        return told;
      }),
    );
    expect(acks).toHaveLength(20);
    expect((await bench.stored(room)).map((row) => row.seq)).toEqual(oneTo(60));
  });
});

describe('one batch', () => {
  it('keeps the order of a channel: write, quit, write, join, write', async () => {
    const { room, ann, bob } = await withTwo();
    const other = await withTwo();
    await owner.handle(write(bob, room.id, 1));
    await bench.join(other.room.id, ann);
    const told = await owner.handle(
      write(ann, room.id, 1),
      write(other.ann, other.room.id, 1),
      command(ann, { type: 'QUIT_REQUEST', channelId: room.id }),
      write(ann, room.id, 2),
      write(bob, room.id, 2),
      write(other.ann, other.room.id, 2),
    );
    const of = (user: typeof ann) =>
      told.entries.flatMap((entry) => (entry.kind === 'TO_CONNECTION' && entry.userId === user ? [entry.frame] : []));
    expect(of(ann)).toEqual([
      { type: 'WRITE_MESSAGE_ACK', serial: null, messageSeqId: 2 },
      { type: 'QUIT_RESPONSE', channelId: room.id },
      { type: 'ERROR', messageType: 'WRITE_MESSAGE', message: 'Not joined.' },
    ]);
    expect(of(bob)).toEqual([{ type: 'WRITE_MESSAGE_ACK', serial: null, messageSeqId: 3 }]);
    expect(of(other.ann).map((frame) => frame.type)).toEqual(['WRITE_MESSAGE_ACK', 'WRITE_MESSAGE_ACK']);
    // Ann was still a member when Bob wrote nothing, and no longer when he did.
    expect(told.pushes.find(({ id }) => id === `m-${room.id}-3`)).toBeUndefined();
    expect(told.pushes.find(({ id }) => id === `m-${room.id}-2`)?.userIds).toEqual([bob]);

    await bench.join(room.id, ann);
    const back = await owner.handle(
      write(ann, room.id, 3),
      { kind: 'MEMBERS_CHANGED', channelId: room.id, request: 'r', joined: [ann], gone: [], deliveries: [] },
      write(ann, room.id, 4),
    );
    expect(back.acks).toEqual(['Not joined.', 4]);
  });

  it('shows a reader what was written before, and nothing that was written after', async () => {
    const { room, ann, bob } = await withTwo();
    const fetch = command(bob, { type: 'FETCH_MESSAGES_REQUEST', channelId: room.id, ...FETCH });
    const told = await owner.handle(write(ann, room.id, 1), fetch, write(ann, room.id, 2));
    expect(told.answers).toEqual([
      { type: 'WRITE_MESSAGE_ACK', serial: null, messageSeqId: 1 },
      {
        type: 'FETCH_MESSAGES_RESPONSE',
        channelId: room.id,
        messages: [{ channelId: room.id, messageSeqId: 1, username: nameOf(ann), content: '1' }],
      },
      { type: 'WRITE_MESSAGE_ACK', serial: null, messageSeqId: 2 },
    ]);
  });

  it('with more messages than one statement holds numbers them all', async () => {
    const { room, ann } = await withTwo();
    const told = await owner.handle(...oneTo(1_100).map((n) => write(ann, room.id, n)));
    expect(told.acks).toEqual(oneTo(1_100));
  });
});

describe('a former member', () => {
  it('has an old message acknowledged again, and a new one refused', async () => {
    const { room, ann } = await withTwo();
    const old = write(ann, room.id, 7);
    await owner.handle(old, command(ann, { type: 'QUIT_REQUEST', channelId: room.id }));
    const told = await owner.handle(old, write(ann, room.id, 8));
    expect(told.acks).toEqual([1, 'Not joined.']);
    const successor = await bench.owner();
    expect((await successor.handle(old, write(ann, room.id, 8))).acks).toEqual([1, 'Not joined.']);
    expect(await bench.stored(room)).toHaveLength(1);
  });

  it('is heard again when the message and the quit after it come again', async () => {
    const { room, ann, bob } = await withTwo();
    const both = [write(ann, room.id, 7), command(ann, { type: 'QUIT_REQUEST', channelId: room.id })];
    const first = await owner.handle(...both);
    expect(first.pushed).toEqual([[1, [bob]]]);
    expect((await owner.handle(...both)).pushed).toEqual(first.pushed);
  });

  it('and someone who never was one, or of a channel that never was, are told the same', async () => {
    const { room } = await withTwo();
    const { ann: stranger } = await withTwo();
    const nowhere = { ...room, id: 2 ** 50 } as Room;
    const told = await owner.handle(write(stranger, room.id, 1), write(stranger, nowhere.id, 1));
    expect(told.acks).toEqual(['Not joined.', 'Not joined.']);
  });
});

describe('viewers', () => {
  it('get the message on their servers, all others one push together', async () => {
    const room = await bench.room(2, 5);
    const [ann, bob, ...others] = room.members;
    if (ann === undefined || bob === undefined) throw new Error('nobody');
    await owner.enter(bob, room.id);
    const told = await owner.handle(write(ann, room.id, 1));
    const message = { channelId: room.id, messageSeqId: 1, username: nameOf(ann), content: '1' };
    expect(told.entries[1]).toMatchObject({ kind: 'TO_CHANNEL', message, except: originOf(ann).connection });
    expect(told.pushed).toEqual([[1, others]]);
  });
});

describe('who hears of a change of members', () => {
  const notices = ({ entries }: Told) => entries.filter((entry) => entry.kind === 'NOTICE');

  it('of a quit: all members, wherever they are, and the other devices of the one who quit', async () => {
    const room = await bench.room(1, 3);
    const [ann, ...others] = room.members;
    if (ann === undefined) throw new Error('nobody');
    await owner.enter(ann, room.id);
    const quit = command(ann, { type: 'QUIT_REQUEST', channelId: room.id });
    const told = await owner.handle(quit);
    expect(notices(told)).toEqual([
      {
        kind: 'NOTICE',
        request: quit.origin.request,
        frame: { type: 'NOTIFY_MEMBER_QUIT', channelId: room.id, username: nameOf(ann) },
        except: quit.origin.connection,
        userIds: [...others, ann],
      },
    ]);
    expect(told.pushes).toEqual([]);
    // The batch may have come again because nobody was told: connection servers know a repetition by its request.
    expect(notices(await owner.handle(quit))).toEqual(notices(told));
    expect(notices(await owner.handle(command(ann, { type: 'QUIT_REQUEST', channelId: room.id })))).toEqual([]);
  });

  it('of a join: all members as they are then', async () => {
    const { room, ann, bob } = await withTwo();
    const { ann: cat } = await withTwo();
    await owner.enter(bob, room.id);
    await bench.join(room.id, cat);
    const frame = { type: 'NOTIFY_MEMBER_JOIN' as const, channelId: room.id, username: nameOf(cat) };
    const change = { kind: 'MEMBERS_CHANGED' as const, channelId: room.id, request: 'r', gone: [], deliveries: [] };
    const told = await owner.handle(command(ann, { type: 'QUIT_REQUEST', channelId: room.id }), {
      ...change,
      joined: [cat],
      notice: { frame, except: 'c' },
    });
    expect(notices(told).at(-1)).toEqual({ kind: 'NOTICE', request: 'r', frame, except: 'c', userIds: [bob, cat] });
    expect(notices(await owner.handle({ ...change, joined: [cat] }))).toEqual([]);
  });
});

describe('read positions', () => {
  it('are stored together before the offsets, the furthest one, and never beyond the channel', async () => {
    const { room, ann, bob } = await withTwo();
    await owner.handle(...oneTo(3).map((n) => write(ann, room.id, n)));
    const read = (...positions: number[]) => ({
      kind: 'READS' as const,
      channelId: room.id,
      server: 'c1',
      positions: positions.map((position) => ({ userId: bob, connection: 'c', seq: seq(position) })),
    });
    await owner.handle(read(1, 2), read(1));
    expect(await bench.readPosition(room.id, bob)).toBe(0);
    expect(await owner.enter(bob, room.id)).toMatchObject({ lastReadMessageSeqId: 2, lastChannelMessageSeqId: 3 });
    await owner.hooks.beforeCommit();
    expect([await bench.readPosition(room.id, bob), await bench.readPosition(room.id, ann)]).toEqual([2, 3]);
    await owner.handle(read(99));
    await owner.hooks.beforeCommit();
    expect(await bench.readPosition(room.id, bob)).toBe(3);
  });

  it('of someone who is not a member are refused', async () => {
    const { room } = await withTwo();
    const { ann: stranger } = await withTwo();
    const told = await owner.handle({
      kind: 'READS',
      channelId: room.id,
      server: 'c1',
      positions: [{ userId: stranger, connection: 'c', seq: seq(1) }],
    });
    expect(told.answers).toEqual([{ type: 'ERROR', messageType: 'READ_MESSAGE_ACK', message: 'Not joined.' }]);
  });
});
