import { type MessageRequest, messageRequest, type Origin } from '@parley/contracts';
import { type InboundRecord, UnreadableRecords } from '@parley/kafka';
import { createLogger } from '@parley/platform';
import { channelId, type ServerFrame, type UserId, userId } from '@parley/protocol';
import type { MembershipCommands } from '../channel/membership.commands.js';
import type { ContactCommands } from '../contact/contact.commands.js';
import type { AccountCommands } from '../user/account.commands.js';
import type { Unregistration } from '../user/unregistration.js';
import { answer, type Outcome } from './outcome.js';
import { Patience } from './patience.js';
import { RequestConsumer } from './request.consumer.js';
import { UncertainCreations } from './uncertain-creations.js';
import { UserCommands } from './user.commands.js';

const inbound = (record: MessageRequest): InboundRecord => ({
  topic: messageRequest.name,
  partition: 0,
  offset: 1n,
  key: null,
  value: Buffer.from(messageRequest.encode(record)),
  headers: {},
  timestamp: 0,
});
const origin = (user: number, request = 'r'): Origin => ({
  userId: userId(user),
  username: `user${user}`,
  server: '1',
  connection: `c${user}`,
  request,
});
const fetchChannels = (user: number, request?: string) =>
  inbound({ kind: 'COMMAND', origin: origin(user, request), frame: { type: 'FETCH_CHANNELS_REQUEST' } });
const gone = inbound({ kind: 'USER_UNREGISTERED', userId: userId(3), username: 'cat' });

function setUp() {
  const log = createLogger({ service: 'message', instance: '1', level: 'silent' });
  const events: string[] = [];
  const faults = { unregister: undefined as Error | undefined, fetch: undefined as Error | undefined };
  const outcome = { of: (at: Origin): Outcome => answer(at, { type: 'FETCH_CHANNELS_RESPONSE', channels: [] }) };
  const memberships = {
    fetch: async (at: Origin) => {
      events.push(`fetch ${at.userId} ${at.request}`);
      if (faults.fetch !== undefined) throw faults.fetch;
      return outcome.of(at);
    },
  } as unknown as MembershipCommands;
  const commands = new UserCommands(
    {} as AccountCommands,
    {} as ContactCommands,
    memberships,
    new Patience(),
    new UncertainCreations({ now: () => 0 }),
    log,
  );
  const unregistration = {
    run: async ({ userId: who }: { userId: UserId }) => {
      events.push(`unregister ${who}`);
      if (faults.unregister !== undefined) throw faults.unregister;
    },
  } as unknown as Unregistration;
  const frames: ServerFrame[] = [];
  const consumer = new RequestConsumer(
    commands,
    unregistration,
    log,
    {
      deliver: async (_, deliveries, notices) => {
        frames.push(...[...deliveries, ...notices].map(({ frame }) => frame));
      },
    },
    {
      send: async (topic) => {
        events.push(`to ${topic}`);
      },
    },
  );
  return { consumer, events, faults, frames, outcome };
}

describe('a batch of requests', () => {
  it('clears away accounts that are gone before anybody gets an answer', async () => {
    const { consumer, events } = setUp();
    await consumer.handle([fetchChannels(1), gone]);
    expect(events).toEqual(['unregister 3', 'fetch 1 r']);
  });

  it('clears away each account once, however often it was announced', async () => {
    const { consumer, events, frames } = setUp();
    const other = inbound({ kind: 'USER_UNREGISTERED', userId: userId(4), username: 'dan' });
    await consumer.handle([...Array.from({ length: 1_000 }, () => gone), fetchChannels(1), other]);
    expect(events).toEqual(['unregister 3', 'unregister 4', 'fetch 1 r']);
    expect(frames).toHaveLength(1);
  });

  it('answers the others while an account cannot be cleared away, which is announced again', async () => {
    const { consumer, events, faults } = setUp();
    faults.unregister = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    await consumer.handle([fetchChannels(1), gone]);
    expect(events).toEqual(['unregister 3', 'fetch 1 r']);
    faults.unregister = new Error('wrong statement');
    await expect(consumer.handle([gone])).rejects.toThrow('wrong statement');
  });

  it('is not begun when a part of it cannot be read', async () => {
    const { consumer, events } = setUp();
    const bad = { ...fetchChannels(1), value: Buffer.from('no JSON') };
    await expect(consumer.handle([fetchChannels(1), bad])).rejects.toBeInstanceOf(UnreadableRecords);
    expect(events).toEqual([]);
  });

  it('keeps the order of one user', async () => {
    const { consumer, events } = setUp();
    await consumer.handle([fetchChannels(1, 'a'), fetchChannels(2, 'b'), fetchChannels(1, 'c')]);
    expect(events.filter((event) => event.startsWith('fetch 1'))).toEqual(['fetch 1 a', 'fetch 1 c']);
  });

  it('tells the owner of a channel of new members before anybody gets an answer', async () => {
    const { consumer, events, frames, outcome } = setUp();
    const membersChanged = { channelId: channelId(7), joined: [userId(1)], gone: [] };
    outcome.of = (at) => ({ ...answer(at, { type: 'FETCH_CHANNELS_RESPONSE', channels: [] }), membersChanged });
    await consumer.handle([fetchChannels(1)]);
    expect([events, frames]).toEqual([['fetch 1 r', 'to message-relay'], []]);
  });

  it('tells with the answer what others are to notice', async () => {
    const { consumer, frames, outcome } = setUp();
    const frame = { type: 'NOTIFY_DISCONNECT' as const, username: 'user1' };
    outcome.of = (at) => ({
      ...answer(at, { type: 'FETCH_CHANNELS_RESPONSE', channels: [] }),
      notices: [{ userIds: [userId(2)], frame }],
    });
    await consumer.handle([fetchChannels(1)]);
    expect(frames).toEqual([{ type: 'FETCH_CHANNELS_RESPONSE', channels: [] }, frame]);
  });

  it('answers a command that failed for a reason of its own, and goes on with the others', async () => {
    const { consumer, faults, frames } = setUp();
    faults.fetch = new Error('wrong statement');
    await consumer.handle([fetchChannels(1), fetchChannels(2)]);
    expect(frames.map(({ type }) => type)).toEqual(['ERROR', 'ERROR']);
  });
});
