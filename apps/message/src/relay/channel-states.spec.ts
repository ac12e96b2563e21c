import { channelId, type ChannelId, seq, userId } from '@parley/protocol';
import type { ChannelRepository, ChannelRow } from '../channel/channel.repository.js';
import { ChannelState, ChannelStates } from './channel-states.js';
import type { MessageStore } from './message-store.js';

const [ann, bob, cat] = [userId(1), userId(2), userId(3)];
const row = (shardId = 1): ChannelRow => ({
  title: 't',
  inviteCode: 'i',
  shardId,
  headCount: 2,
  members: new Set([ann, bob]),
});
const viewers = (version: number, ...users: (typeof ann)[]) => ({
  version,
  users: new Map(users.map((user) => [user, 1])),
});
const refused = (): Error => Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });

describe('ChannelState', () => {
  it('knows who does not see it, also after its members or viewers have changed', () => {
    const channel = new ChannelState(channelId(1), row(), seq(0));
    const seen = viewers(1, ann);
    expect(channel.membersWithout(seen)).toEqual([bob]);
    expect(channel.membersWithout(seen)).toBe(channel.membersWithout(seen));
    channel.join(cat);
    expect(channel.membersWithout(seen)).toEqual([bob, cat]);
    channel.quit(bob);
    expect(channel.membersWithout(seen)).toEqual([cat]);
    expect(channel.membersWithout({ ...seen, version: 2, users: new Map() })).toEqual([ann, cat]);
    expect(channel.membersWithout(viewers(2, cat))).toEqual([ann]);
  });

  it('remembers recent writes, not all of them', () => {
    const channel = new ChannelState(channelId(1), row(), seq(0));
    for (let n = 1; n <= 65; n++) channel.remember(ann, n, seq(n));
    expect([channel.remembered(ann, 1), channel.remembered(ann, 2), channel.remembered(ann, 65)]).toEqual([
      undefined,
      2,
      65,
    ]);
    expect(channel.remembered(bob, 65)).toBeUndefined();
  });
});

describe('ChannelStates', () => {
  const asked: ChannelId[][] = [];
  let userDatabase: () => Map<ChannelId, ChannelRow>;
  let shard: (id: number) => Map<ChannelId, ReturnType<typeof seq>>;
  let replica: Map<ChannelId, ReturnType<typeof seq>> | undefined;
  let states: ChannelStates;

  beforeEach(() => {
    asked.length = 0;
    userDatabase = () =>
      new Map([
        [channelId(1), row(1)],
        [channelId(2), row(2)],
      ]);
    shard = () => new Map([[channelId(1), seq(9)]]);
    replica = undefined;
    const channels: Pick<ChannelRepository, 'load'> = {
      load: async (ids) => {
        asked.push([...ids]);
        return new Map([...userDatabase()].filter(([id]) => ids.includes(id)));
      },
    };
    const messages: Pick<MessageStore, 'lastSequences' | 'copiedLastSequences'> = {
      lastSequences: async (id) => shard(id),
      copiedLastSequences: async () => replica,
    };
    states = new ChannelStates(channels, messages);
  });

  it('asks for what it does not know, once', async () => {
    expect(await states.load([channelId(1), channelId(2), channelId(1)])).toEqual(new Set());
    await states.load([channelId(2), channelId(1)]);
    expect(asked).toEqual([[1, 2]]);
    expect([states.get(channelId(1))?.lastSeq, states.get(channelId(2))?.lastSeq]).toEqual([9, 0]);
  });

  it('has no state of a channel that does not exist, and asks again', async () => {
    for (const _ of [1, 2]) expect(await states.load([channelId(3)])).toEqual(new Set());
    expect(states.get(channelId(3))).toBeUndefined();
    expect(asked).toHaveLength(2);
  });

  it('judges the channels of one shard while another is away', async () => {
    shard = (id) => {
      if (id === 1) throw refused();
      return new Map();
    };
    expect(await states.load([channelId(1), channelId(2)])).toEqual(new Set([1]));
    expect([states.get(channelId(1)), states.get(channelId(2))?.id]).toEqual([undefined, 2]);
  });

  describe('while a source is away', () => {
    const source = (): Map<ChannelId, ReturnType<typeof seq>> => new Map([[channelId(1), seq(9)]]);
    const away = (): never => {
      throw refused();
    };

    it('takes the word of its replica, and asks the source again as soon as it is back', async () => {
      shard = away;
      replica = new Map([[channelId(1), seq(8)]]);
      expect(await states.load([channelId(1)])).toEqual(new Set());
      expect(states.get(channelId(1))).toMatchObject({ lastSeq: 8, inDoubt: true });
      shard = source;
      await states.load([channelId(1)]);
      expect(states.get(channelId(1))).toMatchObject({ lastSeq: 9, inDoubt: false });
      await states.load([channelId(1)]);
      expect(asked).toHaveLength(2);
    });

    it('keeps what it knows of a channel in doubt, which is more than the replica may know', async () => {
      await states.load([channelId(1)]);
      const state = states.get(channelId(1));
      if (state !== undefined) state.inDoubt = true;
      shard = away;
      replica = new Map();
      expect(await states.load([channelId(1)])).toEqual(new Set());
      expect(states.get(channelId(1))).toMatchObject({ lastSeq: 9, inDoubt: true });
    });
  });

  it('judges only what it knows while the user database is away', async () => {
    await states.load([channelId(1)]);
    userDatabase = () => {
      throw refused();
    };
    expect(await states.load([channelId(1), channelId(2)])).toEqual(new Set([2]));
  });

  it('hides no other failure', async () => {
    userDatabase = () => {
      throw new Error('broken');
    };
    await expect(states.load([channelId(1)])).rejects.toThrow('broken');
  });

  it('asks again for what was forgotten', async () => {
    await states.load([channelId(1), channelId(2)]);
    states.forget([channelId(1)]);
    await states.load([channelId(1), channelId(2)]);
    states.clear();
    await states.load([channelId(2)]);
    expect(asked).toEqual([[1, 2], [1], [2]]);
  });

  it('asks again about the channels of a shard that has another source, and about no others', async () => {
    await states.load([channelId(1), channelId(2)]);
    states.doubt(1);
    await states.load([channelId(1), channelId(2)]);
    expect(asked).toEqual([[1, 2], [1]]);
  });

  it('lets go of the channel that was unused for longest when there are too many', async () => {
    const many = Array.from({ length: 20_001 }, (_, index) => channelId(index + 1));
    userDatabase = () => new Map(many.map((id) => [id, row(1)]));
    await states.load(many.slice(0, 20_000));
    await states.load(many.slice(0, 1));
    await states.load(many.slice(20_000));
    expect([1, 2, 3].map((id) => states.get(channelId(id)) !== undefined)).toEqual([true, false, true]);
  });
});
