import { jest } from '@jest/globals';
import { PRESENCE } from '@parley/contracts';
import { DatabaseUnavailable } from '@parley/persistence';
import { createLogger } from '@parley/platform';
import { channelId, seq, type UserId, userId } from '@parley/protocol';
import type { ChannelRepository } from '../channel/channel.repository.js';
import { Deliveries } from '../delivery/deliveries.js';
import type { DeliveryBatch } from '../delivery/delivery-batch.js';
import { EventLog } from '../events.js';
import { type LostViewer, PresenceMap } from '../presence/presence-map.js';
import type { PresenceWatch } from '../presence/presence-watch.js';
import { ChannelCommands } from './channel.commands.js';
import { ChannelState, type ChannelStates } from './channel-states.js';
import { CursorAudit } from './cursor-audit.js';
import { EarlyViewers } from './early-viewers.js';
import type { History } from './history.js';
import type { Unseen } from './unseen.js';

const CHANNELS = 120;
const ANN = userId(1);
const rooms = Array.from({ length: CHANNELS }, (_, n) => channelId(n + 1));

/** A connection server that lacks the last message of every channel. */
function setUp() {
  const presence = new PresenceMap();
  presence.apply(
    {
      kind: 'SNAPSHOT',
      server: 's1',
      boot: 'b',
      part: { snapshot: 1, index: 0, last: true },
      connections: [],
      cursors: rooms.map((room) => [room, seq(3)]),
    },
    0,
  );
  const row = { title: 't', inviteCode: 'i', shardId: 1, headCount: 1, members: new Set([ANN]) };
  const known = new Map(rooms.map((id) => [id, new ChannelState(id, row, seq(4))]));
  const states = {
    get: (id: (typeof rooms)[number]) => known.get(id),
  } as unknown as ChannelStates;
  const stored = { members: async (): Promise<Set<UserId>> => new Set([ANN]) };
  const channels = { membersAmong: () => stored.members() } as unknown as ChannelRepository;
  const shard = { answer: Promise.resolve() };
  const history = { after: () => shard.answer.then(() => []) } as unknown as History;
  const pushed: LostViewer[] = [];
  const owed: LostViewer[] = [];
  const unseen = {
    pushOrPassOn: async (viewer: LostViewer, out: DeliveryBatch) => {
      pushed.push(viewer);
      const message = { channelId: viewer.channelId, messageSeqId: seq(4), username: 'bob', content: 'hi' };
      out.pushMessage(message, '', [viewer.userId]);
    },
    owe: (viewer: LostViewer) => owed.push(viewer),
    takeOwed: () => [],
  } as unknown as Unseen;
  const log = createLogger({ service: 'message', instance: '1', level: 'silent' });
  const warn = jest.spyOn(log, 'warn');
  const events = new EventLog(log);
  const never = {} as never;
  const commands = new ChannelCommands(states, never, presence, history, never, unseen, events);
  const sent: number[] = [];
  const told: unknown[] = [];
  const kafka = { failure: undefined as Error | undefined };
  const deliveries = new Deliveries(presence, {
    send: async (_topic, { value }) => {
      if (kafka.failure !== undefined) throw kafka.failure;
      const { entries = [] } = JSON.parse(value.toString()) as { entries?: unknown[] };
      sent.push(entries.length);
      told.push(...entries);
    },
  });
  let lose: (lost: readonly LostViewer[]) => void = () => undefined;
  const heard = { all: true };
  const watch = {
    start: async (onLost: typeof lose) => void (lose = onLost),
    hasHeardAll: async () => heard.all,
  } as unknown as PresenceWatch;
  const early = new EarlyViewers(presence);
  const audit = new CursorAudit(presence, watch, states, channels, commands, unseen, early, deliveries, events);
  return {
    audit,
    presence,
    stored,
    shard,
    sent,
    told,
    pushed,
    owed,
    early,
    heard,
    kafka,
    warn,
    events,
    lose: (lost: readonly LostViewer[]) => lose(lost),
  };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('what a connection server has missed', () => {
  it('is sent again when it is missing for the second time, some channels after the other, and counted', async () => {
    const { audit, sent, events } = setUp();
    await audit.onApplicationBootstrap();
    await jest.advanceTimersByTimeAsync(PRESENCE.snapshotMs);
    expect(sent).toEqual([]);
    await jest.advanceTimersByTimeAsync(PRESENCE.snapshotMs);
    expect(sent).toEqual([50, 50, 20]);
    expect(events.counts.replayed).toBe(CHANNELS);
    audit.onApplicationShutdown();
  });

  it('is not looked for a second time while it is being sent', async () => {
    const { audit, shard, sent } = setUp();
    const slow = Promise.withResolvers<void>();
    shard.answer = slow.promise;
    await audit.onApplicationBootstrap();
    await jest.advanceTimersByTimeAsync(5 * PRESENCE.snapshotMs);
    slow.resolve();
    await jest.advanceTimersByTimeAsync(PRESENCE.snapshotMs / 2);
    expect(sent).toEqual([50, 50, 20]);
    audit.onApplicationShutdown();
  });
});

describe('somebody who sees a channel and is not known for a member', () => {
  const BOB = userId(2);
  const [room = channelId(1)] = rooms;

  async function auditWith(members: () => Promise<Set<UserId>>) {
    const { audit, presence, stored, told, events } = setUp();
    const failed = jest.spyOn(events, 'auditFailed');
    stored.members = members;
    for (const user of [ANN, BOB]) {
      presence.enter(room, seq(3), { userId: user, server: 's1', connection: `c${user}`, request: `r${user}` }, 0);
    }
    await audit.onApplicationBootstrap();
    await jest.advanceTimersByTimeAsync(PRESENCE.snapshotMs);
    audit.onApplicationShutdown();
    expect(failed).not.toHaveBeenCalled();
    return { told, viewers: [...presence.viewers(room).users.keys()] };
  }

  it('is sent away when the database does not know of it either', async () => {
    const { told, viewers } = await auditWith(async () => new Set());
    expect(told).toEqual([{ kind: 'MEMBER_GONE', channelId: room, userId: BOB }]);
    expect(viewers).toEqual([ANN]);
  });

  it.each([
    ['has joined where another instance owns the channel', async () => new Set([BOB])],
    ['cannot be looked up', () => Promise.reject(new DatabaseUnavailable('user-db'))],
  ])('stays when it %s', async (_, members) => {
    const { told, viewers } = await auditWith(members);
    expect(told).toEqual([]);
    expect(viewers).toEqual([ANN, BOB]);
  });
});

it('viewers that are lost are told of, and pushed what they have missed', async () => {
  const { audit, lose, pushed, warn } = setUp();
  await audit.onApplicationBootstrap();
  const lost = rooms.slice(0, 2).map((room) => ({ channelId: room, userId: ANN, seen: seq(3) }));
  lose(lost);
  await jest.advanceTimersByTimeAsync(0);
  expect(pushed).toEqual(lost);
  expect(warn).toHaveBeenCalledWith({ count: 2 }, expect.stringContaining('a connection server is gone'));
  audit.onApplicationShutdown();
});

it('viewers that are lost while Kafka takes nothing are owed it, all of them', async () => {
  const { audit, lose, kafka, owed, events } = setUp();
  const failed = jest.spyOn(events, 'auditFailed');
  await audit.onApplicationBootstrap();
  kafka.failure = new Error('away');
  const lost = rooms.map((room) => ({ channelId: room, userId: ANN, seen: seq(3) }));
  lose(lost);
  await jest.advanceTimersByTimeAsync(0);
  expect(owed).toEqual(lost);
  expect(failed).toHaveBeenCalledTimes(3);
  audit.onApplicationShutdown();
});

it('who was told something by a new owner and does not look is owed it once all announcements are heard', async () => {
  const { audit, presence, early, heard, owed } = setUp();
  const [room = channelId(1)] = rooms;
  presence.enter(room, seq(3), { userId: ANN, server: 's1', connection: 'c', request: 'r' }, 0);
  await audit.onApplicationBootstrap();
  early.begin(performance.now());
  early.tell(room, seq(4));
  presence.leave(room, 'c', performance.now());
  heard.all = false;
  await jest.advanceTimersByTimeAsync(PRESENCE.snapshotMs);
  expect(owed).toEqual([]);
  heard.all = true;
  await jest.advanceTimersByTimeAsync(PRESENCE.snapshotMs);
  expect(owed).toEqual([{ channelId: room, userId: ANN, seen: seq(3) }]);
  audit.onApplicationShutdown();
});
