import {
  type MessageRelay,
  messageRelay,
  NOTIFICATION_TOPIC_PREFIX,
  type Origin,
  pushNotification,
} from '@parley/contracts';
import { type InboundRecord, RecordRefused } from '@parley/kafka';
import { createLogger } from '@parley/platform';
import { channelId, ok, type Seq, seq, userId } from '@parley/protocol';
import { Deliveries } from '../delivery/deliveries.js';
import { EventLog } from '../events.js';
import { PresenceMap } from '../presence/presence-map.js';
import { ChannelState, type ChannelStates } from './channel-states.js';
import { EarlyViewers } from './early-viewers.js';
import type { History } from './history.js';
import type { ReadPositions } from './read-positions.js';
import { RelayHooks } from './relay.module.js';
import { Unseen } from './unseen.js';

const ROOM = channelId(7);
const [ann, bob] = [userId(1), userId(2)];
const away = () => Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });

function setUp(last = 3) {
  const produced: { topic: string; value: string }[] = [];
  const kafka = { failure: undefined as Error | undefined };
  const presence = new PresenceMap();
  const deliveries = new Deliveries(presence, {
    send: async (topic, { value }) => {
      if (kafka.failure !== undefined) throw kafka.failure;
      produced.push({ topic, value: value.toString() });
    },
  });
  const row = { title: 't', inviteCode: 'i', shardId: 1, headCount: 2, members: new Set([ann, bob]) };
  const known = new Map([[ROOM, new ChannelState(ROOM, row, seq(last))]]);
  const inDatabase = new ChannelState(ROOM, row, seq(last));
  const states = {
    get: (id: typeof ROOM) => known.get(id),
    read: async () => inDatabase,
    clear: () => known.clear(),
  } as unknown as ChannelStates;
  const shard = { failure: undefined as Error | undefined, isEmpty: false };
  const history = {
    after: async (_: ChannelState, after: Seq) => {
      if (shard.failure !== undefined) throw shard.failure;
      if (shard.isEmpty) return [];
      // Two on a page; the last one is bob's own.
      const page = [1, 2, 3].filter((at) => at > after).slice(0, 2);
      return page.map((at) => ({
        authorId: at === 3 ? bob : ann,
        message: { channelId: ROOM, messageSeqId: seq(at), username: 'u', content: 'c' },
      }));
    },
  } as unknown as History;
  const stored: string[] = [];
  const read = { upTo: seq(0) };
  const reads = {
    of: async () => read.upTo,
    store: async () => void stored.push('reads'),
  } as unknown as ReadPositions;
  const unseen = new Unseen(states, presence, history, reads);
  const events = new EventLog(createLogger({ service: 'message', instance: '1', level: 'silent' }));
  const hooks = new RelayHooks(states, new EarlyViewers(presence), reads, deliveries, events);
  /** How many people are pushed how many messages, altogether. */
  const pushed = async (work: (out: ReturnType<Deliveries['batch']>) => Promise<void>): Promise<number> => {
    const out = deliveries.batch();
    await work(out);
    const pushes = out.take().map(({ value }) => pushNotification.decode(value));
    return pushes.reduce((count, push) => count + (push.ok ? push.value.userIds.length : 0), 0);
  };
  const pushOwed = (): Promise<number> =>
    pushed(async (out) => {
      for (const viewer of unseen.takeOwed()) await unseen.pushOwed(viewer, out);
    });
  return { pushOwed, unseen, shard, read, known, presence, deliveries, kafka, produced, hooks, events, stored, pushed };
}
const lost = { channelId: ROOM, userId: bob, seen: seq(0) };

describe('what a viewer can no longer have seen', () => {
  it('is pushed page by page, but not what the viewer has written', async () => {
    const { unseen, pushed } = setUp();
    expect(await pushed((out) => unseen.push(lost, out))).toBe(2);
  });

  it('is not pushed as far as it was read all the same', async () => {
    const { unseen, read, pushed } = setUp();
    read.upTo = seq(1);
    expect(await pushed((out) => unseen.push(lost, out))).toBe(1);
  });

  it('is not pushed to somebody who is no member, or sees the channel elsewhere', async () => {
    const { unseen, presence, pushed } = setUp();
    expect(await pushed((out) => unseen.push({ ...lost, userId: userId(9) }, out))).toBe(0);
    presence.enter(ROOM, seq(0), { userId: bob, server: '2', connection: 'desk', request: 'r1' }, 0);
    expect(await pushed((out) => unseen.push(lost, out))).toBe(0);
  });

  it('is owed while a database is away, and pushed once when it is back, whoever owns the channel then', async () => {
    const { unseen, shard, hooks, pushed, pushOwed } = setUp();
    shard.failure = away();
    expect(await pushed((out) => unseen.push(lost, out))).toBe(0);
    hooks.onRevoked();
    expect(await pushOwed()).toBe(0);
    shard.failure = undefined;
    expect(await pushOwed()).toBe(2);
    expect(await pushOwed()).toBe(0);
  });

  it('is the business of the owner of the channel alone, who is told when that is another', async () => {
    const { unseen, known, deliveries, pushOwed } = setUp();
    const socket = { ...lost, server: '1', connection: 'c' };
    const out = deliveries.batch();
    known.clear();
    await unseen.pushOrPassOn(socket, out);
    const [passedOn, ...others] = out.take();
    expect(messageRelay.decode(passedOn?.value ?? '')).toEqual(ok({ kind: 'VIEWER_LEFT', ...socket, presumed: true }));
    expect([passedOn?.topic, passedOn?.key, others]).toEqual([messageRelay.name, '7', []]);
    expect(await pushOwed()).toBe(0);
  });

  it('is not owed without limit: two messages for each of ten thousand viewers at most', async () => {
    const { unseen, pushOwed } = setUp(1);
    for (let count = 0; count < 10_005; count++) unseen.owe(lost);
    expect(await pushOwed()).toBe(20_000);
  });

  it('is given up when the shard does not have what it should, and any other error is told', async () => {
    const { unseen, shard, pushed } = setUp();
    shard.isEmpty = true;
    expect(await pushed((out) => unseen.push(lost, out))).toBe(0);
    shard.failure = new Error('wrong statement');
    await expect(pushed((out) => unseen.push(lost, out))).rejects.toThrow('wrong statement');
  });
});

describe('when the relay changes hands', () => {
  it('nothing of what was known is kept', async () => {
    const { hooks, known, stored } = setUp();
    hooks.onRevoked();
    expect(known.size).toBe(0);
    await hooks.beforeCommit();
    expect(stored).toEqual(['reads']);
  });
});

describe('a record that nobody can handle', () => {
  const origin: Origin = { userId: ann, username: 'ann', server: '1', connection: 'c', request: 'r' };
  const inbound = (value: string): InboundRecord => ({
    topic: messageRelay.name,
    partition: 0,
    offset: 1n,
    key: null,
    value: Buffer.from(value),
    headers: {},
    timestamp: 0,
  });

  it('is answered with an ERROR where somebody waits for an answer', async () => {
    const { hooks, produced, events } = setUp();
    const frame = { type: 'WRITE_MESSAGE' as const, serial: null, channelId: ROOM, content: 'hi' };
    const write: MessageRelay = { kind: 'WRITE', channelId: ROOM, origin, once: 1, frame };
    await hooks.onDeadLetter(inbound(messageRelay.encode(write)), 'bad');
    expect(produced).toEqual([
      { topic: `${NOTIFICATION_TOPIC_PREFIX}1`, value: expect.stringContaining('Write message failed.') },
    ]);
    expect(events.counts.setAside).toBe(1);
  });

  it.each(['no JSON', messageRelay.encode({ kind: 'REPLAY', channelId: ROOM, server: '1', after: seq(0) })])(
    'is only counted where nobody waits: %s',
    async (value) => {
      const { hooks, produced, events } = setUp();
      await hooks.onDeadLetter(inbound(value), 'bad');
      expect([produced, events.counts.setAside]).toEqual([[], 1]);
    },
  );
});

describe('deliveries', () => {
  const tell = ({ deliveries, presence }: ReturnType<typeof setUp>, how: 'socket' | 'push') => {
    const frame = { type: 'ASK_INVITE' as const, username: 'ann' };
    if (how === 'socket')
      presence.enter(ROOM, seq(0), { userId: bob, server: '2', connection: 'desk', request: 'r1' }, 0);
    return deliveries.deliver('r', [{ userId: bob, frame }], []);
  };

  it('for a connection server whose topic is gone are of no use any more', async () => {
    const stage = setUp();
    stage.kafka.failure = new RecordRefused('no such topic');
    await tell(stage, 'socket');
    expect(stage.produced).toEqual([]);
  });

  it('that Kafka refuses otherwise, or does not take, have to come again', async () => {
    const stage = setUp();
    stage.kafka.failure = new RecordRefused('too large');
    await expect(tell(stage, 'push')).rejects.toThrow('too large');
    stage.kafka.failure = new Error('away');
    await expect(tell(stage, 'socket')).rejects.toThrow('away');
  });
});
